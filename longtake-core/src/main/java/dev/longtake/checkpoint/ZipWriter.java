package dev.longtake.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;

/**
 * Writes a zip archive as PyTorch does: every entry stored as it is, its first byte at a multiple
 * of 64, its checksum after it.
 *
 * <p>Follows PKWARE's APPNOTE 6.3 with 64-bit records where a length or an offset needs one. What
 * aligns an entry is an extra field {@code FB} full of the letter Z.
 */
final class ZipWriter {
  /** PyTorch's alignment of entries, in bytes. */
  static final int ALIGNMENT = 64;

  /** From this length or offset on, the format needs its 64-bit records. */
  static final long WIDE = 0xFFFFFFFFL;

  private static final int SATURATED = -1;
  private static final int LOCAL_BYTES = 30;
  private static final short FLAGS = 0x0808; // checksum after the data, names in UTF-8
  private static final short FIRST_DAY = 0x21; // 1980-01-01; the same content gives the same bytes
  private static final short NARROW_VERSION = 20;
  private static final short WIDE_VERSION = 45;

  private final WritableByteChannel out;
  private final long wideFrom;
  private final List<Entry> entries = new ArrayList<>();
  private long position;

  /**
   * Writes to a channel.
   *
   * @param wideFrom {@link #WIDE}, or less for a test that wants 64-bit records in a small file
   */
  ZipWriter(WritableByteChannel out, long wideFrom) {
    this.out = out;
    this.wideFrom = wideFrom;
  }

  /** Writes an entry's bytes. */
  interface Content {
    void writeTo(WritableByteChannel out) throws IOException;
  }

  private record Entry(byte[] name, long offset, long length, int crc) {}

  /** Adds an entry whose length is known beforehand. */
  void add(String name, long length, Content content) throws IOException {
    byte[] text = name.getBytes(StandardCharsets.UTF_8);
    long offset = position;
    byte[] wide = wideFields(length, offset);
    write(local(text, length, offset, wide));
    long begin = position;
    var checked = new Checked();
    content.writeTo(checked);
    if (position - begin != length) {
      throw new IOException(name + " has " + (position - begin) + " bytes, not " + length);
    }
    int crc = (int) checked.crc.getValue();
    var descriptor = buffer(24).putInt(0x08074b50).putInt(crc);
    write(
        wide.length > 0
            ? descriptor.putLong(length).putLong(length)
            : descriptor.putInt((int) length).putInt((int) length));
    entries.add(new Entry(text, offset, length, crc));
  }

  /** Adds a short text. */
  void add(String name, String text) throws IOException {
    add(name, text.getBytes(StandardCharsets.UTF_8));
  }

  /** Adds bytes. */
  void add(String name, byte[] bytes) throws IOException {
    add(name, bytes.length, channel -> AtomicFile.writeAll(channel, ByteBuffer.wrap(bytes)));
  }

  /** All checksums so far as one number, to tell this content from another. */
  long fingerprint() {
    return entries.stream()
        .mapToLong(e -> Integer.toUnsignedLong(e.crc))
        .reduce(7, (h, c) -> 31 * h + c);
  }

  /** Writes the directory that ends the archive. */
  void finish() throws IOException {
    long begin = position;
    for (var entry : entries) {
      byte[] wide = wideFields(entry.length, entry.offset);
      var record = buffer(46 + entry.name.length + wide.length);
      record.putInt(0x02014b50).putShort(version(wide)).putShort(version(wide));
      record.putShort(FLAGS).putShort((short) 0).putShort((short) 0).putShort(FIRST_DAY);
      record.putInt(entry.crc).putInt(narrow(entry.length)).putInt(narrow(entry.length));
      record.putShort((short) entry.name.length).putShort((short) wide.length);
      record.putShort((short) 0).putShort((short) 0).putShort((short) 0).putInt(0);
      write(record.putInt(narrow(entry.offset)).put(entry.name).put(wide));
    }
    long end = position;
    int count = entries.size();
    var tail = buffer(56 + 20 + 22);
    tail.putInt(0x06064b50).putLong(44).putShort(WIDE_VERSION).putShort(WIDE_VERSION);
    tail.putInt(0).putInt(0).putLong(count).putLong(count).putLong(end - begin).putLong(begin);
    tail.putInt(0x07064b50).putInt(0).putLong(end).putInt(1);
    short few = (short) Math.min(count, 0xFFFF);
    tail.putInt(0x06054b50).putInt(0).putShort(few).putShort(few);
    write(tail.putInt(narrow(end - begin)).putInt(narrow(begin)).putShort((short) 0));
  }

  private ByteBuffer local(byte[] name, long length, long offset, byte[] wide) {
    long unpadded = offset + LOCAL_BYTES + name.length + wide.length + 4;
    int padding = (int) Math.floorMod(-unpadded, (long) ALIGNMENT);
    var header = buffer(LOCAL_BYTES + name.length + wide.length + 4 + padding);
    header.putInt(0x04034b50).putShort(version(wide)).putShort(FLAGS).putShort((short) 0);
    // The checksum comes after the data; lengths do too, unless the 64-bit record has them.
    int lengths = length >= wideFrom ? SATURATED : 0;
    header.putShort((short) 0).putShort(FIRST_DAY).putInt(0).putInt(lengths).putInt(lengths);
    header.putShort((short) name.length).putShort((short) (wide.length + 4 + padding)).put(name);
    header.put(wide).put((byte) 'F').put((byte) 'B').putShort((short) padding);
    while (header.hasRemaining()) {
      header.put((byte) 'Z');
    }
    return header;
  }

  /** The 64-bit record of an entry, or nothing: those of its numbers that are too large. */
  private byte[] wideFields(long length, long offset) {
    int fields = (length >= wideFrom ? 2 : 0) + (offset >= wideFrom ? 1 : 0);
    if (fields == 0) {
      return new byte[0];
    }
    var record = buffer(4 + 8 * fields).putShort((short) 1).putShort((short) (8 * fields));
    if (length >= wideFrom) {
      record.putLong(length).putLong(length);
    }
    if (offset >= wideFrom) {
      record.putLong(offset);
    }
    return record.array();
  }

  private int narrow(long number) {
    return number >= wideFrom ? SATURATED : (int) number;
  }

  private static short version(byte[] wide) {
    return wide.length > 0 ? WIDE_VERSION : NARROW_VERSION;
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private void write(ByteBuffer filled) throws IOException {
    var bytes = filled.flip();
    position += bytes.remaining();
    AtomicFile.writeAll(out, bytes);
  }

  /** Where an entry's content goes, counted and summed up on its way. */
  private final class Checked implements WritableByteChannel {
    private final CRC32 crc = new CRC32();

    @Override
    public int write(ByteBuffer bytes) throws IOException {
      int length = bytes.remaining();
      crc.update(bytes.duplicate());
      AtomicFile.writeAll(out, bytes);
      position += length;
      return length;
    }

    @Override
    public boolean isOpen() {
      return out.isOpen();
    }

    @Override
    public void close() {}
  }
}
