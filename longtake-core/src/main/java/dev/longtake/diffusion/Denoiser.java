package dev.longtake.diffusion;

import dev.longtake.tensor.Tensor;

/** A network that predicts the flow of noisy latents, with everything else already decided. */
@FunctionalInterface
public interface Denoiser {
  /**
   * The flow {@code ε − x₀}.
   *
   * @param noisy latents at noise level σ = timestep / 1000
   * @param timestep 0 to 1000, the same for every frame
   */
  Tensor flow(Tensor noisy, double timestep);

  /**
   * Classifier-free guidance: {@code u + scale·(c − u)}, at two passes a step.
   *
   * @param conditional knows the prompt
   * @param unconditional does not
   * @param scale 1 is no guidance
   */
  static Denoiser guided(Denoiser conditional, Denoiser unconditional, double scale) {
    if (scale == 1) {
      return conditional;
    }
    return (noisy, timestep) -> {
      var u = unconditional.flow(noisy, timestep);
      return u.plus(conditional.flow(noisy, timestep).minus(u).times(scale));
    };
  }
}
