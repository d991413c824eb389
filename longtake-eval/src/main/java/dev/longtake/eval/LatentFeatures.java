package dev.longtake.eval;

import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.wan.WanConfig;

/**
 * What the autoencoder's encoder makes of a set of videos: every patch of 2 × 2 latents of every
 * frame is a feature. Those of the first and of the last quarter of each video are also kept by
 * themselves.
 */
final class LatentFeatures implements AutoCloseable {
  private static final int SIDE = WanConfig.PATCH;

  private final GaussianFit whole;
  private final GaussianFit first;
  private final GaussianFit last;

  /**
   * Of no video yet.
   *
   * @param channels of the latents
   */
  LatentFeatures(int channels) {
    int size = SIDE * SIDE * channels;
    whole = new GaussianFit(size);
    first = new GaussianFit(size);
    last = new GaussianFit(size);
  }

  /** Of no video yet, in the latent space of a model. */
  static LatentFeatures of(VideoModel model) {
    return new LatentFeatures(model.config().vae().zDim());
  }

  /** Takes in a whole video; its quarters are a frame at least. */
  void add(@Axes("1 C F Y X") Tensor latents) {
    try (var scope = Scope.open()) {
      long frames = latents.size(2);
      long quarter = Math.max(1, frames / 4);
      whole.add(patches(latents));
      first.add(patches(latents.narrow(2, 0, quarter)));
      last.add(patches(latents.narrow(2, frames - quarter, quarter)));
    }
  }

  /** Patches of 2 × 2 latents as rows, frame by frame; D is 4 C. */
  static @Axes("N D") Tensor patches(@Axes("1 C F Y X") Tensor latents) {
    try (var scope = Scope.open()) {
      long channels = latents.size(1);
      long frames = latents.size(2);
      long rows = latents.size(3) / SIDE;
      long columns = latents.size(4) / SIDE;
      return scope.keep(
          latents
              .reshape(channels, frames, rows, SIDE, columns, SIDE)
              .permute(1, 2, 4, 0, 3, 5) // F y x C 2 2
              .reshape(frames * rows * columns, SIDE * SIDE * channels));
    }
  }

  GaussianFit whole() {
    return whole;
  }

  GaussianFit firstQuarter() {
    return first;
  }

  GaussianFit lastQuarter() {
    return last;
  }

  @Override
  public void close() {
    whole.close();
    first.close();
    last.close();
  }
}
