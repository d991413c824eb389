package dev.longtake.cli;

import dev.longtake.media.FrameSource;
import dev.longtake.media.Sampling;
import dev.longtake.rollout.ModelConfig.VideoSize;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.List;

/**
 * A video to be continued, at a model's size and frame rate.
 *
 * @param source where it is
 * @param frames its last pictures, interleaved RGB; so many as make whole chunks
 * @param skipped pictures before those
 */
record Given(Path source, List<byte[]> frames, long skipped) {
  /** Pictures of the first chunk of a video. */
  static final int FIRST_CHUNK = 9;

  /** Pictures of every other chunk. */
  static final int CHUNK = 12;

  /**
   * Reads a video or a folder of pictures.
   *
   * <p>The new video must follow on the last picture, so what does not fill a chunk is left out at
   * the beginning. So is what exceeds half of Java's heap.
   *
   * @throws IllegalArgumentException if it is shorter than a chunk
   */
  static Given read(Path source, VideoSize size) {
    var sampling = Sampling.NONE.at(size.fps()).sized(size.width(), size.height());
    long most =
        Math.max(
            FIRST_CHUNK + CHUNK,
            Runtime.getRuntime().maxMemory() / 2 / (3L * size.width() * size.height()));
    var last = new ArrayDeque<byte[]>();
    long read = 0;
    try (var pictures = FrameSource.open(source, sampling)) {
      while (pictures.hasNext()) {
        last.add(pictures.next().rgb());
        read++;
        if (last.size() > most) {
          last.removeFirst();
        }
      }
    }
    if (last.size() < FIRST_CHUNK) {
      throw new IllegalArgumentException(
          "--continue %s has %d frames at %d frames/s; give a video of at least %d"
              .formatted(source, read, size.fps(), FIRST_CHUNK));
    }
    for (int spare = (last.size() - FIRST_CHUNK) % CHUNK; spare > 0; spare--) {
      last.removeFirst();
    }
    return new Given(source, List.copyOf(last), read - last.size());
  }
}
