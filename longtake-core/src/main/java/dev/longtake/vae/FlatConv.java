package dev.longtake.vae;

import dev.longtake.nn.Init;
import dev.longtake.nn.Processor;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Functional;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;

/**
 * A 3 × 3 convolution of each frame for itself.
 *
 * @param weight [out, in, 3, 3]
 * @param bias [out]
 */
record FlatConv(Tensor weight, Tensor bias) {

  static FlatConv of(Weights weights, long in, long out) {
    return new FlatConv(
        weights.take("weight", Init.FAN_IN, out, in, 3, 3), weights.take("bias", Init.ZEROS, out));
  }

  /** As many frames, rows and columns as x. */
  @Axes("B F Y X C")
  Tensor forward(@Axes("B F Y X c") Tensor x) {
    try (var scope = Scope.open()) {
      long[] one = {1, 1};
      boolean fill = !Processor.singleOn(x);
      var kernel = fill ? Eights.filled(weight) : weight;
      var shift = fill ? Eights.filled(bias) : bias;
      var dtype = x.dtype();
      var out =
          Functional.conv2d(
              Pictures.of(x), kernel.to(dtype).channelsLast(), shift.to(dtype), one, one);
      return scope.keep(Eights.first(Pictures.toVideo(out, x.size(0)), weight.size(0)));
    }
  }
}
