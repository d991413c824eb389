package dev.longtake.media;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Locale;

/** Files that appear under their name whole or not at all. */
final class AtomicFile {

  private AtomicFile() {}

  /**
   * A hidden neighbour of the target, so that the later rename stays within one file system. It
   * carries the process id: two processes that aim at one name do not write into each other.
   */
  static Path temporary(Path target) {
    String name = target.getFileName().toString();
    return target.resolveSibling("." + name + "." + ProcessHandle.current().pid() + ".tmp");
  }

  /** Puts the finished temporary file on disk, then under its name, replacing what is there. */
  static void publish(Path temporary, Path target) throws IOException {
    sync(temporary);
    try {
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(temporary, target, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /** Writes bytes under a name, atomically. */
  static void write(Path target, byte[] bytes) {
    checkTarget(target);
    Path temporary = temporary(target);
    try {
      Files.write(temporary, bytes);
      publish(temporary, target);
    } catch (IOException e) {
      discard(temporary);
      throw new MediaException(
          String.format(
              Locale.ROOT,
              "cannot write %s: %s; free space there or choose another path",
              target,
              reason(e)),
          e);
    }
  }

  /**
   * Refuses a target that can be seen to be unwritable, before any work is spent on it. Creates a
   * file beside it and deletes that again.
   */
  static void checkTarget(Path target) {
    Path folder = target.toAbsolutePath().getParent();
    if (target.getFileName() == null || Files.isDirectory(target)) {
      throw new MediaException(
          String.format(
              Locale.ROOT, "cannot write %s: it is a directory; give the name of a file", target));
    }
    if (folder == null || !Files.exists(folder)) {
      throw new MediaException(
          String.format(
              Locale.ROOT,
              "cannot write %s: the directory %s does not exist; create it first",
              target,
              folder));
    }
    if (!Files.isDirectory(folder)) {
      throw new MediaException(
          String.format(
              Locale.ROOT,
              "cannot write %s: %s is not a directory; choose another path",
              target,
              folder));
    }
    if (!Files.isWritable(folder)) {
      throw new MediaException(
          String.format(
              Locale.ROOT,
              "cannot write %s: no permission to create files in %s; choose another path",
              target,
              folder));
    }
    tryOut(target, folder);
  }

  /** Some folders, such as those of a system's own state, say they are writable and are not. */
  private static void tryOut(Path target, Path folder) {
    try {
      Files.delete(Files.createTempFile(folder, ".longtake-", ".trial"));
    } catch (IOException e) {
      throw new MediaException(
          String.format(
              Locale.ROOT,
              "cannot write %s: no file can be created in %s%s; choose another path",
              target,
              folder,
              e instanceof FileSystemException f && f.getReason() != null
                  ? " (" + f.getReason() + ")"
                  : ""),
          e);
    }
  }

  /** Deletes what a failure left; the failure itself is what the caller reports. */
  static void discard(Path temporary) {
    try {
      Files.deleteIfExists(temporary);
    } catch (IOException e) {
      temporary.toFile().deleteOnExit();
    }
  }

  /** What the system said, without the path that such messages usually begin with. */
  static String reason(IOException e) {
    if (e instanceof FileSystemException f && f.getReason() != null) {
      return f.getReason();
    }
    String message = e.getMessage();
    return message == null ? e.getClass().getSimpleName() : message;
  }

  private static void sync(Path file) throws IOException {
    try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
  }
}
