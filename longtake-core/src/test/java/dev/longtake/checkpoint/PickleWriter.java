package dev.longtake.checkpoint;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Pickles, good and hostile, written instruction by instruction. */
final class PickleWriter {
  /** A Python name. */
  record Global(String module, String name) {}

  /** A call of a Python function. */
  record Call(Object function, List<?> arguments) {}

  /** A tuple. */
  record Tuple(List<?> items) {}

  /** A reference out of the pickle, which torch.save uses for storages. */
  record Outside(Tuple id) {}

  /** Instructions as they are. */
  record Raw(byte[] bytes) {}

  /** An object, then a BUILD with a state. */
  record Built(Object object, Object state) {}

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final int protocol;

  private PickleWriter(int protocol) {
    this.protocol = protocol;
  }

  static byte[] pickle(Object value) {
    return pickle(2, value);
  }

  static byte[] pickle(int protocol, Object value) {
    var writer = new PickleWriter(protocol);
    writer.op(0x80).op(protocol);
    if (protocol >= 4) {
      writer.op(0x95).number(0, 8);
    }
    writer.emit(value);
    return writer.op('.').out.toByteArray();
  }

  static Tuple tuple(Object... items) {
    return new Tuple(List.of(items));
  }

  static Object[] longs(long... numbers) {
    return Arrays.stream(numbers).boxed().toArray();
  }

  static Raw raw(int... bytes) {
    byte[] out = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      out[i] = (byte) bytes[i];
    }
    return new Raw(out);
  }

  /** A storage as torch.save refers to it. */
  static Outside storage(String kind, String key, long count) {
    return new Outside(tuple("storage", new Global("torch", kind), key, "cpu", count));
  }

  /** A tensor as torch.save writes it. */
  static Call tensor(Outside storage, long offset, Tuple shape, Tuple strides) {
    return new Call(
        new Global("torch._utils", "_rebuild_tensor_v2"),
        List.of(storage, offset, shape, strides, false, orderedDict()));
  }

  static Call orderedDict() {
    return new Call(new Global("collections", "OrderedDict"), List.of());
  }

  private void emit(Object value) {
    switch (value) {
      case Raw raw -> out.writeBytes(raw.bytes());
      case String text -> text(text);
      case Boolean truth -> op(truth ? 0x88 : 0x89);
      case Integer number -> op('J').number(number, 4);
      case Long number -> op(0x8a).op(8).number(number, 8);
      case Double number -> op('G').number(Long.reverseBytes(Double.doubleToLongBits(number)), 8);
      case Global global -> global(global);
      case Tuple tuple -> {
        op('(');
        tuple.items().forEach(this::emit);
        op('t');
      }
      case Call call -> {
        emit(call.function());
        emit(new Tuple(call.arguments()));
        op('R');
      }
      case Outside outside -> {
        emit(outside.id());
        op('Q');
      }
      case Built built -> {
        emit(built.object());
        emit(built.state());
        op('b');
      }
      case List<?> list -> {
        op(']').op('(');
        list.forEach(this::emit);
        op('e');
      }
      case Map<?, ?> dict -> {
        op('}').op('(');
        dict.forEach(
            (key, item) -> {
              emit(key);
              emit(item);
            });
        op('u');
      }
      default -> throw new AssertionError("cannot pickle " + value);
    }
    if (protocol >= 4 && !(value instanceof Raw)) {
      op(0x94);
    }
  }

  private void text(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (protocol >= 4) {
      op(0x8c).op(bytes.length);
    } else {
      op('X').number(bytes.length, 4);
    }
    out.writeBytes(bytes);
  }

  private void global(Global global) {
    if (protocol >= 4) {
      text(global.module());
      text(global.name());
      op(0x93);
    } else {
      op('c');
      out.writeBytes(
          (global.module() + "\n" + global.name() + "\n").getBytes(StandardCharsets.UTF_8));
    }
  }

  private PickleWriter op(int opcode) {
    out.write(opcode);
    return this;
  }

  private PickleWriter number(long number, int bytes) {
    var buffer = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(number);
    out.write(buffer.array(), 0, bytes);
    return this;
  }
}
