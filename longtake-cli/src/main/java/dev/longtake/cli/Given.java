package dev.longtake.cli;

import static dev.longtake.rollout.ModelConfig.CHUNK_PICTURES;
import static dev.longtake.rollout.ModelConfig.FIRST_CHUNK_PICTURES;

import dev.longtake.media.Frame;
import dev.longtake.media.FrameSource;
import dev.longtake.media.Sampling;
import dev.longtake.rollout.ModelConfig.VideoSize;
import dev.longtake.rollout.VideoGenerator;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Locale;

/**
 * A video to be continued, at a model's size and frame rate. It is read as it is needed, never as a
 * whole.
 *
 * @param source where it is
 * @param sampling which of its pictures, and how large
 * @param frames how many of them the new video follows on: its last ones, which make whole chunks
 * @param skipped pictures before those
 */
record Given(Path source, Sampling sampling, long frames, long skipped) {

  /**
   * Reads a video or a folder of pictures once, to count and to find what is damaged.
   *
   * <p>The new video must follow on the last picture, so what does not fill a chunk is left out at
   * the beginning.
   *
   * @throws IllegalArgumentException if it is shorter than a chunk
   */
  static Given read(Path source, VideoSize size) {
    var sampling = Sampling.NONE.at(size.fps()).sized(size.width(), size.height());
    long all = 0;
    try (var pictures = FrameSource.open(source, sampling)) {
      while (pictures.hasNext()) {
        pictures.next();
        all++;
      }
    }
    if (all < FIRST_CHUNK_PICTURES) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "--continue %s has %d frames at %d frames/s; give a video of at least %d",
              source,
              all,
              size.fps(),
              FIRST_CHUNK_PICTURES));
    }
    long skipped = (all - FIRST_CHUNK_PICTURES) % CHUNK_PICTURES;
    return new Given(source, sampling, all - skipped, skipped);
  }

  /**
   * Makes it the beginning of a video.
   *
   * @throws IllegalArgumentException if it is no longer the video that was counted
   */
  void begin(VideoGenerator video) {
    try (var pictures = FrameSource.open(source, sampling)) {
      for (long i = 0; i < skipped && pictures.hasNext(); i++) {
        pictures.next();
      }
      long used = video.continueFrom(() -> bytes(pictures));
      if (used != frames) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "--continue %s changed while it was read; wait until it is whole",
                source));
      }
    }
  }

  private static Iterator<byte[]> bytes(Iterator<Frame> pictures) {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return pictures.hasNext();
      }

      @Override
      public byte[] next() {
        return pictures.next().rgb();
      }
    };
  }
}
