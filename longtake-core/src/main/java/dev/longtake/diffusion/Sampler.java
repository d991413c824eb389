package dev.longtake.diffusion;

import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Tensor;

/** A way from noise to a clean latent through a denoiser. */
public sealed interface Sampler permits EulerSampler, FewStepSampler {
  /**
   * A clean latent of the noise's shape and type.
   *
   * @param noise standard normal
   * @param rng fresh noise, for samplers that add some on the way
   */
  Tensor sample(Denoiser denoiser, Tensor noise, Rng rng);

  /** How many times the denoiser is asked. */
  int steps();
}
