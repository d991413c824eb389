package dev.longtake.wan;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;

/** Attention masks for training on given frames (causal diffusion; true: may look). */
public final class CausalMasks {
  private CausalMasks() {}

  /**
   * Each block of frames sees itself and all earlier blocks.
   *
   * @param frames latent frames
   * @param block latent frames per block
   * @param patches tokens per frame
   */
  public static @Axes("L L") Tensor blockCausal(int frames, int block, int patches, Device device) {
    boolean[] may = new boolean[frames * frames];
    for (int q = 0; q < frames; q++) {
      for (int k = 0; k < frames; k++) {
        may[q * frames + k] = k / block <= q / block;
      }
    }
    return perToken(may, frames, patches, device);
  }

  /**
   * For clean frames followed by their noisy copies: a clean block sees the clean blocks up to
   * itself; a noisy block sees itself and the clean blocks before it.
   */
  public static @Axes("L L") Tensor teacherForcing(
      int frames, int block, int patches, Device device) {
    int all = 2 * frames;
    boolean[] may = new boolean[all * all];
    for (int q = 0; q < all; q++) {
      boolean noisy = q >= frames;
      int queryBlock = q % frames / block;
      for (int k = 0; k < all; k++) {
        int keyBlock = k % frames / block;
        may[q * all + k] =
            k < frames
                ? noisy ? keyBlock < queryBlock : keyBlock <= queryBlock
                : noisy && keyBlock == queryBlock;
      }
    }
    return perToken(may, all, patches, device);
  }

  private static Tensor perToken(boolean[] may, int frames, int patches, Device device) {
    try (var scope = Scope.open()) {
      long tokens = (long) frames * patches;
      return scope.keep(
          Tensor.of(may, frames, 1, frames, 1)
              .expand(frames, patches, frames, patches)
              .reshape(tokens, tokens)
              .to(device));
    }
  }
}
