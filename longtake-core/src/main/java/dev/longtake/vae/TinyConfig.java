package dev.longtake.vae;

import dev.longtake.tensor.Dtype;
import java.util.List;

/**
 * The sizes of a tiny decoder.
 *
 * @param zDim channels of a latent, at least 1
 * @param widths channels at each of the four resolutions, deepest first, each at least 1
 */
public record TinyConfig(int zDim, List<Integer> widths) {
  /** Stages that double rows and columns; the last two double frames too. */
  static final int STAGES = 3;

  /** {@code taew2_1}: the tiny decoder for Wan 2.1's latents. */
  public static final TinyConfig TAEW2_1 = new TinyConfig(16, List.of(256, 128, 64, 64));

  /** Checks the sizes. */
  public TinyConfig {
    widths = List.copyOf(widths);
    if (zDim < 1 || widths.size() != STAGES + 1 || widths.stream().anyMatch(w -> w < 1)) {
      throw new IllegalArgumentException(
          "a tiny decoder needs latent channels and "
              + (STAGES + 1)
              + " widths from 1, not "
              + zDim
              + " and "
              + widths);
    }
  }

  /**
   * How many bytes a video being decoded leaves behind: the last input frame of every block.
   *
   * @param rows of a latent
   * @param columns of a latent
   * @param dtype of the arithmetic
   */
  public long stateBytes(int rows, int columns, Dtype dtype) {
    long elements = 0;
    long pixels = (long) rows * columns;
    for (int stage = 0; stage < STAGES; stage++) {
      elements += TinyStage.BLOCKS * pixels * widths.get(stage);
      pixels *= 4;
    }
    return elements * dtype.bytes();
  }

  /** How many frames a stage makes of each. */
  static int frames(int stage) {
    return stage == 0 ? 1 : 2;
  }
}
