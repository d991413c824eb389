package dev.longtake.hub;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;

/**
 * The beginning of a file that is being downloaded, summed up as far as it goes. It stays when the
 * download is given up, to be gone on with.
 */
final class PartFile implements AutoCloseable {
  private static final int PIECE_BYTES = 1 << 20;

  private final Path target;
  private final Path path;
  private final HubFile file;
  private final FileChannel channel;
  private MessageDigest digest;
  private long length;

  private PartFile(Path target, Path path, HubFile file, FileChannel channel) {
    this.target = target;
    this.path = path;
    this.file = file;
    this.channel = channel;
    digest = file.checksum().begin(file.size());
  }

  /** What the part of that file is called: after its content, so that versions never mix. */
  static Path path(Path target, HubFile file) {
    return target.resolveSibling(
        target.getFileName() + "." + file.checksum().hex().substring(0, 8) + ".part");
  }

  /**
   * Opens what there is, and sums it up.
   *
   * @throws HubException if it cannot be written, or another process writes it
   */
  static PartFile open(Path target, HubFile file) {
    var path = path(target, file);
    try {
      Files.createDirectories(target.toAbsolutePath().getParent());
      var channel =
          FileChannel.open(
              path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE);
      try {
        lock(channel, path);
        var part = new PartFile(target, path, file, channel);
        part.sumUp();
        return part;
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      throw unwritable(path, e);
    }
  }

  private static void lock(FileChannel channel, Path path) throws IOException {
    boolean ours;
    try {
      ours = channel.tryLock() != null; // given back when the channel is closed
    } catch (OverlappingFileLockException e) {
      ours = false;
    }
    if (!ours) {
      throw new HubException(
          path + " is being written by another download; wait for it or choose another --out");
    }
  }

  private void sumUp() throws IOException {
    if (channel.size() > file.size()) {
      restart();
      return;
    }
    var buffer = ByteBuffer.allocate(PIECE_BYTES);
    while (channel.read(buffer, length) > 0) {
      length += buffer.flip().remaining();
      digest.update(buffer);
      buffer.clear();
    }
  }

  /** How many bytes are there. */
  long length() {
    return length;
  }

  /** Throws away what is there. */
  void restart() {
    try {
      channel.truncate(0);
    } catch (IOException e) {
      throw unwritable(path, e);
    }
    digest = file.checksum().begin(file.size());
    length = 0;
  }

  /**
   * Adds bytes at the end.
   *
   * @throws HubException if the disk does not take them; the part stays
   */
  void append(ByteBuffer bytes) {
    int count = bytes.remaining();
    var copy = bytes.duplicate();
    try {
      while (bytes.hasRemaining()) {
        channel.write(bytes, length + count - bytes.remaining());
      }
    } catch (IOException e) {
      throw unwritable(path, e);
    }
    digest.update(copy);
    length += count;
  }

  /**
   * Gives the whole file its name.
   *
   * @throws HubException if its checksum is wrong; the part is deleted then
   */
  void finish() {
    if (!file.checksum().matches(digest)) {
      delete();
      throw HubException.fault(
          file.path()
              + ": the checksum of what came is wrong, and the part is deleted; download it again"
              + " or try another --mirror");
    }
    try {
      channel.force(true);
      channel.close(); // some systems do not rename what is open
      Files.move(path, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw unwritable(target, e);
    }
  }

  private void delete() {
    try {
      channel.close();
      Files.deleteIfExists(path);
    } catch (IOException e) {
      throw unwritable(path, e);
    }
  }

  private static HubException unwritable(Path path, IOException e) {
    if (e instanceof FileAlreadyExistsException inTheWay) {
      return new HubException(
          "cannot write "
              + path
              + " ("
              + inTheWay.getFile()
              + " is a file where a folder must be); move it away, or choose another --out",
          e);
    }
    return new HubException(
        "cannot write "
            + path
            + " ("
            + HubException.because(e)
            + "); free space there, or choose another --out",
        e);
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw unwritable(path, e);
    }
  }
}
