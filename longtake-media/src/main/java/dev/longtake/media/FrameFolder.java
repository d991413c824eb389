package dev.longtake.media;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.NoSuchElementException;

/**
 * A folder of PNG and JPEG pictures, taken in the order of their names.
 *
 * <p>Runs of digits are compared as numbers: {@code frame9.png} comes before {@code frame10.png}. A
 * folder has no clock, so each picture is one frame whatever rate is asked for. Pictures are read
 * one at a time; they may differ in size unless the sampling gives one.
 */
public final class FrameFolder implements FrameSource {

  private static final Comparator<Path> BY_NAME =
      Comparator.comparing((Path path) -> path.getFileName().toString(), new NumberedNames());

  private final Path folder;
  private final List<Path> pictures;
  private final Sampling sampling;
  private int next;

  private FrameFolder(Path folder, List<Path> pictures, Sampling sampling) {
    this.folder = folder;
    this.pictures = pictures;
    this.sampling = sampling;
  }

  /**
   * Lists the pictures of a folder; hidden files and other kinds of file are passed over.
   *
   * @throws MediaException when the folder cannot be listed or holds no picture
   */
  public static FrameFolder open(Path folder, Sampling sampling) {
    try (var files = Files.list(folder)) {
      var pictures = files.filter(PictureFile::isNamedLikeOne).sorted(BY_NAME).toList();
      if (pictures.isEmpty()) {
        throw new MediaException(
            String.format(
                Locale.ROOT,
                "%s holds no picture; put files ending in .png, .jpg or .jpeg there",
                folder));
      }
      return new FrameFolder(folder, pictures, sampling);
    } catch (IOException e) {
      throw new MediaException(
          String.format(
              Locale.ROOT,
              "cannot list %s: %s; give the path of a folder of pictures",
              folder,
              AtomicFile.reason(e)),
          e);
    }
  }

  /** Number of pictures in the folder. */
  public int size() {
    return pictures.size();
  }

  @Override
  public boolean hasNext() {
    return next < pictures.size();
  }

  @Override
  public Frame next() {
    if (!hasNext()) {
      throw new NoSuchElementException(
          String.format(Locale.ROOT, "%s holds no further picture after %d", folder, next));
    }
    return PictureFile.read(pictures.get(next++), sampling);
  }

  @Override
  public void close() {
    next = pictures.size();
  }
}
