package dev.longtake.vae;

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

  /** How many frames a stage makes of each. */
  static int frames(int stage) {
    return stage == 0 ? 1 : 2;
  }
}
