package dev.longtake.vae;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.List;

/** One step of encoder or decoder. Axes: B batch, F frames, Y rows, X columns, C channels. */
sealed interface Layer permits ResidualBlock, FrameAttention, Downsample, Upsample {

  /**
   * Carries frames through.
   *
   * @param past what came before them; asked once for each causal convolution inside
   */
  @Axes("B F Y X C")
  Tensor forward(@Axes("B F Y X C") Tensor x, Past past);

  /** One after the other, each freeing what the one before it made. */
  static Tensor through(List<Layer> layers, Tensor x, Past past) {
    try (var scope = Scope.open()) {
      var now = x;
      for (var layer : layers) {
        var made = past.passage().through(in -> layer.forward(in[0], past), now);
        if (now != x) {
          now.close();
        }
        now = made;
      }
      return scope.keep(now);
    }
  }
}
