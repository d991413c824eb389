package dev.longtake.train;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/** Reads one event file: TFRecord frames around {@code Event} messages. */
final class EventReader {
  private static final int LENGTH = 8; // bytes
  private static final int CHECKSUM = 4; // bytes

  private final Path file;
  private final List<EventLog.Session> sessions = new ArrayList<>();
  private final List<EventLog.Entry> entries = new ArrayList<>();
  private double began;

  EventReader(Path file) {
    this.file = file;
  }

  EventLog read() {
    var in = bytes();
    while (isWhole(in)) {
      long at = in.position();
      int length = (int) in.getLong();
      in.position(in.position() + CHECKSUM);
      var event = in.slice(in.position(), length).order(ByteOrder.LITTLE_ENDIAN);
      in.position(in.position() + length + CHECKSUM);
      try {
        add(event);
      } catch (BufferUnderflowException | IllegalArgumentException e) {
        throw new TrainingException(
            file + ": what is at byte " + at + " is no event; move the file away to do without it");
      }
    }
    endSession();
    return new EventLog(sessions, in.hasRemaining());
  }

  private ByteBuffer bytes() {
    try {
      return ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    } catch (IOException e) {
      throw new TrainingException(
          "cannot read " + file + " (" + e + "); see that it is a file and may be read");
    }
  }

  /** Whether the next frame is there to its end; its checksums are right then. */
  private boolean isWhole(ByteBuffer in) {
    int at = in.position();
    if (in.remaining() < LENGTH + CHECKSUM) {
      return false;
    }
    requireChecksum(in, at, LENGTH);
    long length = in.getLong(at);
    if (length < 0 || length > in.remaining() - LENGTH - 2 * CHECKSUM) {
      return false;
    }
    requireChecksum(in, at + LENGTH + CHECKSUM, (int) length);
    return true;
  }

  /** Compares with what follows the bytes. */
  private void requireChecksum(ByteBuffer in, int start, int length) {
    byte[] bytes = new byte[length];
    in.get(start, bytes);
    if (EventFile.maskedCrc(bytes, length) != in.getInt(start + length)) {
      throw new TrainingException(
          file
              + " is damaged: the checksum at byte "
              + (start + length)
              + " is wrong; restore the file, or move it away to do without its steps");
    }
  }

  /** An event is the version of its format, with which a session begins, or values of a step. */
  private void add(ByteBuffer event) {
    double time = 0;
    long step = 0;
    boolean begins = false;
    Map<String, Float> scalars = new LinkedHashMap<>();
    while (event.hasRemaining()) {
      var field = Field.next(event);
      switch (field.number()) {
        case 1 -> time = Double.longBitsToDouble(field.bits());
        case 2 -> step = field.bits();
        case 3 -> begins = true;
        case 5 -> addScalars(field.bytes(), scalars);
        default -> {} // a graph, or what another program says of its session
      }
    }
    if (begins) {
      endSession();
    }
    if (began == 0) {
      began = time;
    }
    if (!scalars.isEmpty()) {
      entries.add(new EventLog.Entry(time, step, scalars));
    }
  }

  private void endSession() {
    if (began != 0) {
      sessions.add(new EventLog.Session(began, entries));
    }
    entries.clear();
    began = 0;
  }

  private static void addScalars(ByteBuffer summary, Map<String, Float> scalars) {
    while (summary.hasRemaining()) {
      var field = Field.next(summary);
      if (field.number() == 1) {
        addScalar(field.bytes(), scalars);
      }
    }
  }

  /** Nothing, if the value is of another kind, a picture for instance. */
  private static void addScalar(ByteBuffer value, Map<String, Float> scalars) {
    var tag = "";
    var number = OptionalInt.empty();
    while (value.hasRemaining()) {
      var field = Field.next(value);
      if (field.number() == 1) {
        tag = StandardCharsets.UTF_8.decode(field.bytes()).toString();
      } else if (field.number() == 2) {
        number = OptionalInt.of((int) field.bits());
      }
    }
    if (number.isPresent()) {
      scalars.put(tag, Float.intBitsToFloat(number.getAsInt()));
    }
  }

  /**
   * A field of a protocol-buffer message.
   *
   * @param bits of a number, whatever its type
   * @param bytes of a text or message, else none
   */
  private record Field(int number, long bits, ByteBuffer bytes) {
    static Field next(ByteBuffer in) {
      long key = varint(in);
      int number = (int) (key >>> 3);
      return switch ((int) key & 7) {
        case EventFile.VARINT -> new Field(number, varint(in), none());
        case EventFile.FIXED_64 -> new Field(number, in.getLong(), none());
        case EventFile.FIXED_32 -> new Field(number, in.getInt(), none());
        case EventFile.BYTES -> new Field(number, 0, bytes(in));
        default -> throw new IllegalArgumentException("no type of field: " + (key & 7));
      };
    }

    private static ByteBuffer none() {
      return ByteBuffer.allocate(0);
    }

    private static ByteBuffer bytes(ByteBuffer in) {
      long length = varint(in);
      if (length < 0 || length > in.remaining()) {
        throw new BufferUnderflowException();
      }
      var bytes = in.slice(in.position(), (int) length).order(ByteOrder.LITTLE_ENDIAN);
      in.position(in.position() + (int) length);
      return bytes;
    }

    private static long varint(ByteBuffer in) {
      long out = 0;
      for (int shift = 0; shift < 64; shift += 7) {
        byte next = in.get();
        out |= (long) (next & 0x7f) << shift;
        if (next >= 0) {
          return out;
        }
      }
      throw new IllegalArgumentException("a number without an end");
    }
  }
}
