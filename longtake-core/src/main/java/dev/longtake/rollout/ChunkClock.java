package dev.longtake.rollout;

import static dev.longtake.rollout.ModelConfig.CHUNK_PICTURES;
import static dev.longtake.rollout.ModelConfig.FIRST_CHUNK_PICTURES;

/**
 * Seconds in chunks. The first chunk of a video has 9 pictures, every other 12.
 *
 * @param fps frames per second, above 0
 */
record ChunkClock(int fps) {
  /** The longest time that counts, in seconds. */
  static final double DAY = 86_400;

  private static final int MISSING_FROM_FIRST = CHUNK_PICTURES - FIRST_CHUNK_PICTURES;

  /**
   * Keeps what decimal fractions of a second cost in precision from making a chunk more or less.
   */
  private static final double SLACK = 1e-6;

  /** The first chunk that begins no earlier than this. */
  int atOrAfter(double seconds) {
    return seconds <= 0
        ? 0
        : Math.toIntExact(
            (long) Math.ceil((seconds * fps + MISSING_FROM_FIRST) / CHUNK_PICTURES - SLACK));
  }

  /** How many chunks last so long: whole ones, at least one (Infinity-RoPE's rule). */
  int lasting(double seconds) {
    return Math.max(1, Math.toIntExact((long) Math.floor(seconds * fps / CHUNK_PICTURES + SLACK)));
  }
}
