package dev.longtake.media;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;

/** The growing file of one writer, which no second writer may have at the same time. */
final class PartFile {

  /** Far behind any content: on Windows a locked range cannot be written through another handle. */
  private static final long LOCKED_BYTE = Long.MAX_VALUE - 1;

  private final Path path;
  private final FileChannel channel;
  private long bytes;

  private PartFile(Path path, FileChannel channel) {
    this.path = path;
    this.channel = channel;
  }

  /** Creates the file, after moving aside what an earlier run left under its name. */
  static PartFile claim(Path path) {
    try {
      if (Files.isRegularFile(path) && Files.size(path) > 0) {
        locked(path, StandardOpenOption.WRITE).close(); // someone may be writing it right now
        Files.move(path, aside(path));
      }
      return new PartFile(path, locked(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE));
    } catch (IOException e) {
      throw new MediaException(
          String.format(
              Locale.ROOT, "cannot write %s: %s; choose another path", path, AtomicFile.reason(e)),
          e);
    }
  }

  Path path() {
    return path;
  }

  /** Bytes that were on disk at the last {@link #sync}. */
  long bytes() {
    return bytes;
  }

  /**
   * Makes the operating system put everything on disk, so that a power cut loses nothing either.
   */
  void sync() {
    try {
      channel.force(false);
      bytes = channel.size();
    } catch (IOException e) {
      throw new MediaException(
          String.format(
              Locale.ROOT,
              "cannot write %s: %s; free space there or choose another path",
              path,
              AtomicFile.reason(e)),
          e);
    }
  }

  /** Cuts off the pieces that a failed write left behind the last {@link #sync}. */
  void dropUnsynced() {
    try {
      channel.truncate(bytes);
    } catch (IOException e) {
      // The pieces stay. Readers stop before them, and the failure itself has been reported.
    }
  }

  /** Gives up the claim; the file stays. */
  void release() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new MediaException(
          String.format(Locale.ROOT, "cannot close %s: %s", path, AtomicFile.reason(e)), e);
    }
  }

  void delete() {
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      throw new MediaException(
          String.format(
              Locale.ROOT, "cannot delete %s: %s; delete it by hand", path, AtomicFile.reason(e)),
          e);
    }
  }

  private static FileChannel locked(Path path, StandardOpenOption... options) throws IOException {
    var channel = FileChannel.open(path, options);
    try {
      if (channel.tryLock(LOCKED_BYTE, 1, false) != null) {
        return channel;
      }
    } catch (OverlappingFileLockException e) {
      // The other writer lives in this process; said below.
    }
    channel.close();
    throw new MediaException(
        String.format(
            Locale.ROOT,
            "cannot write %s: another writer is at it; wait for it or choose another name",
            path));
  }

  private static Path aside(Path path) {
    var name = path.getFileName().toString();
    var stem = name.substring(0, name.lastIndexOf('.'));
    int number = 1;
    while (Files.exists(path.resolveSibling(stem + "-" + number + ".mp4"))) {
      number++;
    }
    return path.resolveSibling(stem + "-" + number + ".mp4");
  }
}
