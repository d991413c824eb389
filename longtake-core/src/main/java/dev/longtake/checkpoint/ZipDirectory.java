package dev.longtake.checkpoint;

import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Where the entries of a zip archive lie, so that they can be read in place. Java's own zip reader
 * gives streams, but no offsets.
 *
 * <p>Follows PKWARE's APPNOTE 6.3: the directory at the end of the file counts, with its 64-bit
 * records for archives beyond 4 GiB.
 */
final class ZipDirectory {
  private static final long END = 0x06054b50L;
  private static final long END_64 = 0x06064b50L;
  private static final long END_64_LOCATOR = 0x07064b50L;
  private static final long ENTRY = 0x02014b50L;
  private static final long LOCAL = 0x04034b50L;
  private static final long SATURATED = 0xFFFFFFFFL;
  private static final int END_BYTES = 22;
  private static final int LOCATOR_BYTES = 20;
  private static final int ENTRY_BYTES = 46;
  private static final int LOCAL_BYTES = 30;
  private static final int LONGEST_COMMENT = 0xFFFF;

  private final MappedFile file;

  private ZipDirectory(MappedFile file) {
    this.file = file;
  }

  /**
   * A part of the file.
   *
   * @param offset the first byte, from the start of the file
   * @param length in bytes
   * @param plain whether the bytes are there as they are, neither compressed nor encrypted
   * @param crc the checksum that the archive states, CRC-32; 0 where its writer left that out
   */
  record Region(long offset, long length, boolean plain, long crc) {}

  /** Every entry's content by name, in the directory's order. */
  static Map<String, Region> read(MappedFile file) {
    return new ZipDirectory(file).entries();
  }

  private Map<String, Region> entries() {
    long end = end();
    long position = file.u32(end + 16);
    long length = file.u32(end + 12);
    long locator = end - LOCATOR_BYTES;
    if (locator >= 0 && file.u32(locator) == END_64_LOCATOR) {
      long end64 = file.i64(locator + 8);
      expect(end64, END_64);
      length = file.i64(end64 + 40);
      position = file.i64(end64 + 48);
    }
    if (position < 0 || length < 0 || length > end - position) {
      throw damaged("its directory of " + length + " bytes at " + position + " does not fit");
    }
    long stop = position + length;
    Map<String, Region> entries = new LinkedHashMap<>();
    while (position < stop) {
      expect(position, ENTRY);
      int name = file.u16(position + 28);
      int extra = file.u16(position + 30);
      // Names only need to match each other, and this charset maps every byte.
      var text = new String(file.bytes(position + ENTRY_BYTES, name), StandardCharsets.ISO_8859_1);
      if (entries.put(text, region(position, name, extra)) != null) {
        throw damaged("entry " + CheckpointException.quoted(text) + " is there twice");
      }
      position += ENTRY_BYTES + name + extra + file.u16(position + 32);
    }
    return Collections.unmodifiableMap(entries);
  }

  /** The end record is the last thing in the file but for a comment whose length it states. */
  private long end() {
    long last = file.size() - END_BYTES;
    for (long at = last; at >= Math.max(0, last - LONGEST_COMMENT); at--) {
      if (file.u32(at) == END && file.u16(at + 20) == last - at) {
        return at;
      }
    }
    throw new CheckpointException(
        file.name(),
        "file is cut short: the zip directory that ends it is missing from its "
            + file.size()
            + " bytes; download it again");
  }

  private Region region(long entry, int name, int extra) {
    boolean encrypted = (file.u16(entry + 8) & 1) != 0;
    boolean stored = file.u16(entry + 10) == 0;
    long length = file.u32(entry + 20);
    long whole = file.u32(entry + 24);
    long local = file.u32(entry + 42);
    long wide = wideFields(entry + ENTRY_BYTES + name, extra);
    // The 64-bit record holds exactly those of the three that are saturated, in this order.
    if (whole == SATURATED) {
      wide = requireWide(wide);
      whole = file.i64(wide);
      wide += 8;
    }
    if (length == SATURATED) {
      wide = requireWide(wide);
      length = file.i64(wide);
      wide += 8;
    }
    if (local == SATURATED) {
      local = file.i64(requireWide(wide));
    }
    expect(local, LOCAL);
    long offset = local + LOCAL_BYTES + file.u16(local + 26) + file.u16(local + 28);
    if (length < 0 || length > file.size() - offset || (stored && whole != length)) {
      throw damaged("an entry of " + length + " bytes at " + offset + " does not fit");
    }
    return new Region(offset, length, stored && !encrypted, file.u32(entry + 16));
  }

  /** Where the values of the 64-bit record start among the extra fields, or −1. */
  private long wideFields(long from, int length) {
    long at = from;
    while (at + 4 <= from + length) {
      if (file.u16(at) == 1) {
        return at + 4;
      }
      at += 4 + file.u16(at + 2);
    }
    return -1;
  }

  private long requireWide(long wide) {
    if (wide < 0) {
      throw damaged("an entry lacks its 64-bit record");
    }
    return wide;
  }

  private void expect(long at, long signature) {
    if (file.u32(at) != signature) {
      throw damaged("byte " + at + " should start a record of the zip format");
    }
  }

  private CheckpointException damaged(String what) {
    return new CheckpointException(file.name(), "file is damaged: " + what + "; download it again");
  }
}
