package dev.longtake.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Stream;

/** Room on the disk, asked for before it is taken. */
final class FreeSpace {
  private FreeSpace() {}

  /** A disk has no room. */
  static final class NoRoomException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private NoRoomException(String message) {
      super(message);
    }
  }

  /**
   * Refuses what the disk has no room for.
   *
   * @param folder that may not exist yet
   * @throws NoRoomException naming both numbers
   */
  static void require(Path folder, long bytes) {
    long free =
        Stream.iterate(folder.toAbsolutePath(), path -> path != null, Path::getParent)
            .filter(Files::exists)
            .findFirst()
            .map(FreeSpace::free)
            .orElse(0L);
    if (free < bytes) {
      throw new NoRoomException(
          String.format(
              Locale.ROOT,
              "%s are needed in %s and %s are free; free space there, or choose another place",
              ByteCount.words(bytes),
              folder,
              ByteCount.words(free)));
    }
  }

  private static long free(Path there) {
    try {
      return Files.getFileStore(there).getUsableSpace();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
