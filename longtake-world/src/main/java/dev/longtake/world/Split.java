package dev.longtake.world;

/**
 * Two sets of seeds that never meet. Training seeds are 0 to 2^40 - 1, held-out seeds are 2^40 to
 * 2^41 - 1; bit 40 tells them apart. Seeds are scrambled by a bijection before use, so neighbours
 * have nothing in common.
 */
public enum Split {
  /** Seeds for training. */
  TRAIN(0),
  /** Seeds for evaluation; nothing is ever trained on them. */
  HELD_OUT(1L << 40);

  private static final long COUNT = 1L << 40;

  private final long first;

  Split(long first) {
    this.first = first;
  }

  /** The seed of the given number, 0 to 2^40 - 1. */
  public long seed(long number) {
    if (number < 0 || number >= COUNT) {
      throw new IllegalArgumentException("seeds are numbered 0 to 2^40 - 1, got " + number);
    }
    return first + number;
  }
}
