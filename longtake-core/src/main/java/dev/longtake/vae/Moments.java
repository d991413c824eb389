package dev.longtake.vae;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;

/**
 * What the encoder says of each latent number: a normal distribution, before normalisation.
 *
 * @param mean [B, z, f, y, x]
 * @param logVariance [B, z, f, y, x]; the published model's use is to be trained with, no more
 */
public record Moments(@Axes("B z f y x") Tensor mean, @Axes("B z f y x") Tensor logVariance) {

  /** A draw from the distribution: {@code mean + exp(logVariance / 2) · noise}. */
  public @Axes("B z f y x") Tensor sample(Rng rng) {
    try (var scope = Scope.open()) {
      var noise = rng.normal(mean.dtype(), mean.shape());
      return scope.keep(mean.plus(logVariance.times(0.5).exp().times(noise)));
    }
  }

  /**
   * Mean divergence from the standard normal, in nats per latent number: {@code (mean² + exp(v) − 1
   * − v) / 2} with v the log-variance (Kingma &amp; Welling 2014, appendix B).
   */
  public Tensor divergence() {
    try (var scope = Scope.open()) {
      var spread = logVariance.exp().plus(-1).minus(logVariance);
      return scope.keep(mean.square().plus(spread).mean().times(0.5));
    }
  }
}
