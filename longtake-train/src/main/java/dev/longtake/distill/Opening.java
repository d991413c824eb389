package dev.longtake.distill;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Tensor;

/**
 * Makes the first latent frame of a new video of the last picture of another: a bidirectional model
 * knows first frames as latents of one picture, where every other is of four.
 */
@FunctionalInterface
public interface Opening {
  /**
   * The latent of the last picture alone, without gradients, owned by the caller's scope.
   *
   * @param video all latent frames from the first to the one with that picture
   */
  @Axes("B C 1 Y X")
  Tensor of(@Axes("B C F Y X") Tensor video);
}
