package dev.longtake.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Writes a file so that readers see the old one or the new one, even across a power cut. */
final class AtomicFile {
  private AtomicFile() {}

  /** Writes the content. */
  interface Content {
    void writeTo(FileChannel out) throws IOException;
  }

  static void write(Path path, Content content) {
    var folder = path.toAbsolutePath().resolveSibling("");
    var part =
        path.resolveSibling(path.getFileName() + "." + ProcessHandle.current().pid() + ".part");
    try {
      Files.createDirectories(folder);
      try (var out =
          FileChannel.open(
              part,
              StandardOpenOption.WRITE,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING)) {
        content.writeTo(out);
        out.force(true);
      }
      Files.move(part, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new CheckpointException(
          path.toString(),
          "cannot be written ("
              + CheckpointException.because(e)
              + "); check free space and permissions",
          e);
    } finally {
      deleteQuietly(part);
    }
    sync(folder);
  }

  static void writeAll(WritableByteChannel out, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      out.write(bytes);
    }
  }

  /** After a successful move there is nothing left; after a failure the failure is the news. */
  private static void deleteQuietly(Path part) {
    try {
      Files.deleteIfExists(part);
    } catch (IOException e) {
      // The next write to the same path by this process takes the same name and clears it.
    }
  }

  /**
   * Makes the rename itself durable, where the system lets a folder be opened; Windows does not.
   */
  private static void sync(Path folder) {
    try (var channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException e) {
      // The content is on disk already; at worst a power cut brings the old file back.
    }
  }
}
