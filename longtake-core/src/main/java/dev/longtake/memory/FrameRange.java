package dev.longtake.memory;

/**
 * Consecutive latent frames, at least one.
 *
 * @param first the first of them, from 0
 * @param end one past the last
 */
public record FrameRange(int first, int end) {

  /** Refuses empty ranges. */
  public FrameRange {
    if (first < 0 || end <= first) {
      throw new IllegalArgumentException(
          "frames " + first + " up to " + end + " are no range; need 0 <= first < end");
    }
  }

  /** A single frame. */
  public static FrameRange of(int frame) {
    return new FrameRange(frame, frame + 1);
  }

  /** How many frames. */
  public int count() {
    return end - first;
  }

  /** Both ends inclusive, such as {@code 6..8}. */
  @Override
  public String toString() {
    return count() == 1 ? String.valueOf(first) : first + ".." + (end - 1);
  }
}
