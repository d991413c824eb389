package dev.longtake.data;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.text.TextStage;
import dev.longtake.vae.EncodeState;
import dev.longtake.vae.WanVae;
import java.util.ArrayList;

/**
 * Encodes clips and captions; nothing of it is differentiated.
 *
 * @param vae on the device
 * @param text whose states are wanted on the device
 * @param dtype of the arithmetic
 * @param device where batches are wanted
 */
public record ClipEncoder(WanVae vae, TextStage text, Dtype dtype, Device device) {
  private static final int PIECE = 16; // pictures at once, after the first: memory is bounded

  /** Encodes clips; owned by the caller's scope. */
  public LatentBatch encode(ClipBatch clips) {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      return new LatentBatch(
          scope.keep(latents(clips.pixels(device)).to(Dtype.FLOAT32)),
          scope.keep(Tensor.cat(text.encode(clips.captions()), 0)));
    }
  }

  private @Axes("B C F Y X") Tensor latents(@Axes("B 3 F Y X") Tensor video) {
    try (var scope = Scope.open();
        var state = EncodeState.start()) {
      var parts = new ArrayList<Tensor>();
      long frames = video.size(2);
      for (long at = 0; at < frames; ) {
        long count = Math.min(frames - at, at == 0 ? 1 : PIECE);
        parts.add(vae.encode(video.narrow(2, at, count).to(dtype), state));
        at += count;
      }
      return scope.keep(Tensor.cat(parts, 2));
    }
  }
}
