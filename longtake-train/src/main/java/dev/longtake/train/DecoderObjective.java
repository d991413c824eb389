package dev.longtake.train;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.vae.WanVae;
import java.util.Map;
import java.util.function.LongFunction;

/**
 * Reconstruction by the decoder alone: the encoder stays as it is, so latents that a transformer
 * was trained on stay valid. The squared error alone is learnt, which is what PSNR measures.
 *
 * @param vae whose decoder is trained
 * @param clips pixels in [−1, 1] of each step's batch, FLOAT32 on the VAE's device
 * @param dtype of the arithmetic
 */
public record DecoderObjective(
    WanVae vae, @Axes("B 3 F Y X") LongFunction<Tensor> clips, Dtype dtype) implements Objective {

  @Override
  public Loss at(long step, Rng rng) {
    try (var scope = Scope.open()) {
      var video = clips.apply(step);
      var error = vae.decode(latents(video)).to(Dtype.FLOAT32).minus(video);
      var squared = error.square().mean();
      return new Loss(
          scope.keep(squared),
          Map.of(
              "decoder/l1", scope.keep(error.detach().abs().mean()),
              "decoder/mse", scope.keep(squared.detach())));
    }
  }

  private Tensor latents(Tensor video) {
    try (var off = Gradients.off()) {
      return vae.encode(video.to(dtype));
    }
  }
}
