package dev.longtake.train;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.InstantSource;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * Scalars by step in a TensorBoard event file: TFRecord frames around {@code Event} messages in
 * protocol-buffer encoding. Every entry is on disk's way when a call returns.
 */
public final class EventFile implements AutoCloseable {
  static final int VARINT = 0;
  static final int FIXED_64 = 1;
  static final int BYTES = 2;
  static final int FIXED_32 = 5;

  private final FileChannel channel;
  private final InstantSource clock;

  /** Goes on in an open file, which is closed with this. */
  EventFile(FileChannel channel, InstantSource clock) {
    this.channel = channel;
    this.clock = clock;
  }

  /** Begins a new file {@code events.out.tfevents.SECONDS.longtake} in a folder. */
  public static EventFile in(Path folder) {
    return in(folder, InstantSource.system());
  }

  static EventFile in(Path folder, InstantSource clock) {
    try {
      Files.createDirectories(folder);
      long now = clock.millis();
      var file = folder.resolve("events.out.tfevents." + now / 1000 + ".longtake");
      var events =
          new EventFile(
              FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND), clock);
      var version = new Message().fixed64(1, now / 1e3).text(3, "brain.Event:2");
      try {
        events.append(version);
      } catch (TrainingException e) {
        events.close();
        throw e;
      }
      return events;
    } catch (IOException e) {
      throw new TrainingException(
          "cannot write event files in "
              + folder
              + " ("
              + e
              + "); check free space and permissions");
    }
  }

  /** Adds values of one step. */
  public void scalars(long step, Map<String, Double> values) {
    var summary = new Message();
    values.forEach(
        (tag, value) ->
            summary.message(1, new Message().text(1, tag).fixed32(2, value.floatValue())));
    append(new Message().fixed64(1, clock.millis() / 1e3).varint(2, step).message(5, summary));
  }

  private void append(Message event) {
    byte[] data = event.toBytes();
    var record = ByteBuffer.allocate(data.length + 16).order(ByteOrder.LITTLE_ENDIAN);
    record.putLong(data.length);
    record.putInt(maskedCrc(record.array(), 8));
    record.put(data);
    record.putInt(maskedCrc(data, data.length));
    record.flip();
    try {
      while (record.hasRemaining()) {
        channel.write(record);
      }
    } catch (IOException e) {
      throw new TrainingException(
          "cannot write the event file ("
              + e.getMessage()
              + "); free some space and start again: the run goes on from its last checkpoint");
    }
  }

  /** TFRecord's checksum: CRC-32C, rotated and offset so that a checksum of checksums differs. */
  static int maskedCrc(byte[] bytes, int length) {
    var crc = new CRC32C();
    crc.update(bytes, 0, length);
    return Integer.rotateRight((int) crc.getValue(), 15) + 0xa282ead8;
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new TrainingException("cannot close the event file (" + e + "); check free space");
    }
  }

  /** A protocol-buffer message under construction. */
  private static final class Message {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Message varint(int field, long value) {
      number((long) field << 3 | VARINT);
      number(value);
      return this;
    }

    Message fixed64(int field, double value) {
      number((long) field << 3 | FIXED_64);
      return raw(8, buffer -> buffer.putDouble(value));
    }

    Message fixed32(int field, float value) {
      number((long) field << 3 | FIXED_32);
      return raw(4, buffer -> buffer.putFloat(value));
    }

    Message text(int field, String value) {
      return bytes(field, value.getBytes(StandardCharsets.UTF_8));
    }

    Message message(int field, Message value) {
      return bytes(field, value.toBytes());
    }

    byte[] toBytes() {
      return out.toByteArray();
    }

    private Message bytes(int field, byte[] value) {
      number((long) field << 3 | BYTES);
      number(value.length);
      out.writeBytes(value);
      return this;
    }

    private Message raw(int size, java.util.function.Consumer<ByteBuffer> put) {
      var buffer = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
      put.accept(buffer);
      out.writeBytes(buffer.array());
      return this;
    }

    private void number(long value) {
      long rest = value;
      while ((rest & ~0x7fL) != 0) {
        out.write((int) (rest & 0x7f | 0x80));
        rest >>>= 7;
      }
      out.write((int) rest);
    }
  }
}
