package dev.longtake.hub;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.util.function.LongConsumer;

/** Brings files of a repository into a folder, under the paths they have there. */
public final class Download {
  private final Hub hub;
  private final Repository repository;
  private final Path folder;
  private final Patience patience;

  /** Brings files into a folder, which is made when it is needed. */
  public Download(Hub hub, Repository repository, Path folder, Patience patience) {
    this.hub = hub;
    this.repository = repository;
    this.folder = folder;
    this.patience = patience;
  }

  /** How much of a file is here. */
  public enum State {
    /** All of it, with the right checksum. */
    WHOLE,
    /** Another file has its name. */
    DIFFERENT,
    /** Nothing, or a part. */
    WANTED
  }

  /**
   * How much of that file is here; a whole one is read through.
   *
   * @throws HubException if it cannot be read
   */
  public State state(HubFile file) {
    var path = path(file);
    if (!Files.exists(path)) {
      return State.WANTED;
    }
    try {
      boolean whole =
          Files.isRegularFile(path) && Files.size(path) == file.size() && matches(path, file);
      return whole ? State.WHOLE : State.DIFFERENT;
    } catch (IOException e) {
      throw new HubException(
          "cannot read " + path + " (" + HubException.because(e) + "); check its permissions", e);
    }
  }

  /** How many bytes of a wanted file are here already, as a part. */
  public long present(HubFile file) {
    var part = PartFile.path(path(file), file);
    try {
      return Files.exists(part) ? Math.min(Files.size(part), file.size()) : 0;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Where that file is, or will be. */
  public Path path(HubFile file) {
    return folder.resolve(file.path());
  }

  /**
   * Brings a file, replacing what has its name.
   *
   * @param reached is told how many bytes of it are here, again and again; what it throws ends the
   *     download, and the part stays
   * @throws HubException if it is absent, closed to us or wrong, the server fails for longer than
   *     patience lasts, or the disk is full
   */
  public void fetch(HubFile file, LongConsumer reached) {
    try (var part = PartFile.open(path(file), file)) {
      reached.accept(part.length());
      var persistence = hub.persistence(patience, part.length());
      while (part.length() < file.size()) {
        persistence.run(
            file.path(),
            () -> {
              goOn(file, part, persistence, reached);
              return part;
            });
      }
      part.finish();
    }
  }

  private void goOn(HubFile file, PartFile part, Persistence persistence, LongConsumer reached)
      throws IOException {
    try (var answer = hub.open(repository, file, part.length())) {
      requireSame(file, answer);
      long begin = answer.begin().orElse(-1);
      if (begin != part.length()) {
        part.restart(); // the server has not understood the range
      }
      if (begin > 0 && part.length() == 0) {
        throw new IOException("the server sends bytes from " + begin + " on, not from the start");
      }
      for (var piece = answer.body().next(); piece.isPresent(); piece = answer.body().next()) {
        for (ByteBuffer bytes : piece.get()) {
          part.append(atMost(bytes, file.size() - part.length()));
        }
        persistence.reached(part.length());
        reached.accept(part.length());
        if (part.length() == file.size()) {
          return;
        }
      }
      throw new IOException(
          "the connection ended after " + part.length() + " of " + file.size() + " bytes");
    } catch (NoSuchRangeException e) {
      part.restart();
      throw e;
    }
  }

  private static ByteBuffer atMost(ByteBuffer bytes, long count) {
    return bytes.slice(bytes.position(), (int) Math.min(bytes.remaining(), count));
  }

  /** A repository may change between its listing and the download. */
  private static void requireSame(HubFile file, Answer answer) {
    var tag = answer.header("X-Linked-Etag").map(text -> text.replace("\"", "")).orElse("");
    if (tag.length() == file.checksum().hex().length() && !tag.equals(file.checksum().hex())) {
      throw HubException.fault(
          file.path() + " has changed since it was listed; run the same command again");
    }
  }

  private static boolean matches(Path path, HubFile file) throws IOException {
    var digest = file.checksum().begin(file.size());
    try (var in = new DigestInputStream(Files.newInputStream(path), digest)) {
      in.transferTo(OutputStream.nullOutputStream());
    }
    return file.checksum().matches(digest);
  }
}
