package dev.longtake.train;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.vae.WanVae;
import java.util.Map;
import java.util.function.LongFunction;

/**
 * Reconstruction of clips through the video autoencoder: mean absolute error, plus the divergence
 * of the latents from a standard normal, which keeps them bounded and smooth (Kingma and Welling
 * 2014).
 *
 * @param vae with latent mean 0 and deviation 1
 * @param clips pixels in [−1, 1] of each step's batch, FLOAT32 on the VAE's device
 * @param dtype of the arithmetic
 * @param divergenceWeight of the divergence per latent number, against the error per pixel number
 */
public record VaeObjective(
    WanVae vae, @Axes("B 3 F Y X") LongFunction<Tensor> clips, Dtype dtype, double divergenceWeight)
    implements Objective {

  /** Checks the weight. */
  public VaeObjective {
    if (!(divergenceWeight >= 0)) {
      throw new IllegalArgumentException(
          "divergence_weight must be at least 0, not " + divergenceWeight);
    }
  }

  @Override
  public Loss at(long step, Rng rng) {
    try (var scope = Scope.open()) {
      var video = clips.apply(step);
      var moments = vae.encodeMoments(video.to(dtype));
      var mean = moments.mean().to(Dtype.FLOAT32);
      var logVariance = moments.logVariance().to(Dtype.FLOAT32).clamp(-30, 20);
      var noise = rng.normal(Dtype.FLOAT32, mean.shape());
      var latents = mean.plus(logVariance.times(0.5).exp().times(noise));
      var error = vae.decode(latents.to(dtype)).to(Dtype.FLOAT32).minus(video);
      var absolute = error.abs().mean();
      var squared = error.square().mean();
      var divergence = divergence(mean, logVariance);
      var total = absolute.plus(squared).plus(divergence.times(divergenceWeight));
      return new Loss(
          scope.keep(total),
          Map.of(
              "vae/l1", scope.keep(absolute.detach()),
              "vae/mse", scope.keep(squared.detach()),
              "vae/kl", scope.keep(divergence.detach())));
    }
  }

  /** KL(N(mean, variance) ‖ N(0, 1)), averaged over numbers. */
  static Tensor divergence(Tensor mean, Tensor logVariance) {
    try (var scope = Scope.open()) {
      return scope.keep(
          mean.square().plus(logVariance.exp()).minus(logVariance).plus(-1).mean().times(0.5));
    }
  }
}
