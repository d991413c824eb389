package dev.longtake.media;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * Pictures in playing order, taken one at a time so that a long source needs little memory.
 *
 * <p>Used by one thread at a time, and closed by whoever opened it.
 */
public sealed interface FrameSource extends Iterator<Frame>, AutoCloseable
    permits VideoReader, FrameFolder {

  /**
   * Opens a folder of pictures or a video file, whichever the path names.
   *
   * @throws MediaException when it cannot be read
   */
  static FrameSource open(Path path, Sampling sampling) {
    return Files.isDirectory(path)
        ? FrameFolder.open(path, sampling)
        : VideoReader.open(path, sampling);
  }

  /**
   * The next picture.
   *
   * @throws MediaException when the source turns out to be damaged here
   * @throws NoSuchElementException after the last one
   */
  @Override
  Frame next();

  /** Frees the decoder. Closing twice is harmless. */
  @Override
  void close();
}
