package dev.longtake.distill;

import dev.longtake.rollout.ModelConfig;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.vae.DecodeState;
import dev.longtake.vae.WanVae;

/**
 * Through the video autoencoder: decodes everything, encodes the last picture.
 *
 * @param dtype of the arithmetic
 */
public record VaeOpening(WanVae vae, Dtype dtype) implements Opening {

  @Override
  public Tensor of(Tensor video) {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var decoding = DecodeState.start()) {
      long frames = video.size(2);
      long chunk = ModelConfig.CHUNK;
      for (long at = 0; at + chunk < frames; at += chunk) {
        try (var dropped = Scope.open()) {
          vae.decode(video.narrow(2, at, chunk).to(dtype), decoding);
        }
      }
      long rest = (frames - 1) % chunk + 1;
      var pictures = vae.decode(video.narrow(2, frames - rest, rest).to(dtype), decoding);
      var last = pictures.narrow(2, pictures.size(2) - 1, 1).clamp(-1, 1);
      return scope.keep(vae.encode(last).to(Dtype.FLOAT32));
    }
  }
}
