package dev.longtake.checkpoint;

import java.util.HexFormat;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Compares the entries of an archive with the checksums it states, each when it is first needed and
 * then no more.
 *
 * <p>The bytes are read where they are mapped, so this takes no memory. It takes time: one more
 * pass over bytes that are about to be copied, at several gigabytes a second once the disk has
 * brought them. Safe for several threads, two of which may compare the same entry.
 */
final class StatedChecksums {
  private final MappedFile file;
  private final Set<ZipDirectory.Region> right = ConcurrentHashMap.newKeySet();

  StatedChecksums(MappedFile file) {
    this.file = file;
  }

  /**
   * Refuses an entry whose bytes are others than those written. One without a stated checksum is
   * taken as it is.
   *
   * @param what lies there, for the message
   * @throws CheckpointException with both checksums
   */
  void require(ZipDirectory.Region entry, String what) {
    if (entry.crc() == 0 || right.contains(entry)) {
      return;
    }
    long found = file.crc(entry.offset(), entry.length());
    if (found != entry.crc()) {
      throw new CheckpointException(
          file.name(),
          "file is damaged: "
              + what
              + " has checksum "
              + hex(found)
              + ", and the archive states "
              + hex(entry.crc())
              + "; download it again, or copy it again from where it was made");
    }
    right.add(entry);
  }

  private static String hex(long crc) {
    return HexFormat.of().toHexDigits((int) crc);
  }
}
