package dev.longtake.checkpoint;

import dev.longtake.tensor.Dtype;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * Pickles a dict of tensors in protocol 2, as {@code torch.save} does: each tensor is a call of
 * {@code torch._utils._rebuild_tensor_v2} on a storage of its own. Uses only instructions that
 * PyTorch's {@code weights_only} loader knows.
 *
 * <p>Storage number n belongs to the n-th name.
 */
final class StatePickle {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final Map<String, Integer> memo = new HashMap<>();

  private StatePickle() {}

  /** The pickle of that file's names, types and shapes. */
  static byte[] of(TensorFile tensors) {
    var pickle = new StatePickle();
    pickle.op(0x80).op(2).op('}');
    if (!tensors.names().isEmpty()) {
      pickle.op('(');
      int storage = 0;
      for (var name : tensors.names()) {
        pickle.text(name);
        pickle.tensor(tensors.dtype(name), tensors.shape(name), Integer.toString(storage++));
      }
      pickle.op('u');
    }
    return pickle.op('.').out.toByteArray();
  }

  private void tensor(Dtype dtype, long[] shape, String key) {
    var typed = PickleGlobal.storageName(dtype);
    long count = 1;
    for (long size : shape) {
      count *= size;
    }
    global("torch._utils", typed.isPresent() ? "_rebuild_tensor_v2" : "_rebuild_tensor_v3");
    op('(');
    op('(').noted("storage");
    if (typed.isPresent()) {
      global("torch", typed.get());
    } else {
      global("torch.storage", "UntypedStorage"); // whose elements are bytes
    }
    text(key)
        .noted("cpu")
        .number(typed.isPresent() ? count : count * dtype.bytes())
        .op('t')
        .op('Q');
    number(0).tuple(shape).tuple(strides(shape)).op(0x89);
    global("collections", "OrderedDict").op(')').op('R');
    if (typed.isEmpty()) {
      global("torch", PickleGlobal.pythonName(dtype));
    }
    op('t').op('R');
  }

  /** Row-major, as PyTorch has them: an axis without entries counts as one. */
  private static long[] strides(long[] shape) {
    long[] strides = new long[shape.length];
    long step = 1;
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      strides[axis] = step;
      step *= Math.max(1, shape[axis]);
    }
    return strides;
  }

  private StatePickle tuple(long[] numbers) {
    if (numbers.length == 0) {
      return op(')');
    }
    op('(');
    for (long number : numbers) {
      number(number);
    }
    return op('t');
  }

  private StatePickle number(long number) {
    if (number >= 0 && number < 1 << 8) {
      return op('K').bytes(number, 1);
    }
    if (number >= 0 && number < 1 << 16) {
      return op('M').bytes(number, 2);
    }
    return number == (int) number ? op('J').bytes(number, 4) : op(0x8a).op(8).bytes(number, 8);
  }

  private StatePickle text(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    op('X').bytes(bytes.length, 4);
    out.writeBytes(bytes);
    return this;
  }

  /** Text that comes again and again: the first time noted, then recalled. */
  private StatePickle noted(String text) {
    return recalled(text) ? this : text(text).note(text);
  }

  private StatePickle global(String module, String name) {
    var line = module + "\n" + name + "\n";
    if (recalled(line)) {
      return this;
    }
    op('c');
    out.writeBytes(line.getBytes(StandardCharsets.US_ASCII));
    return note(line);
  }

  private boolean recalled(String key) {
    var place = memo.get(key);
    if (place == null) {
      return false;
    }
    op('h').op(place);
    return true;
  }

  private StatePickle note(String key) {
    memo.put(key, memo.size());
    return op('q').op(memo.size() - 1);
  }

  private StatePickle op(int opcode) {
    out.write(opcode);
    return this;
  }

  private StatePickle bytes(long number, int width) {
    var buffer = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(number);
    out.write(buffer.array(), 0, width);
    return this;
  }
}
