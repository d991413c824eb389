package dev.longtake.vae;

import dev.longtake.nn.Init;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Functional;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.List;

/**
 * A convolution over three frames, each pixel for itself: one linear map of three frames' channels.
 *
 * @param weight [out, in, 3, 1, 1]
 * @param bias [out]
 */
record TimeConv(Tensor weight, Tensor bias) {
  private static final int TAPS = 3;

  static TimeConv of(Weights weights, long in, long out) {
    return new TimeConv(
        weights.take("weight", Init.FAN_IN, out, in, TAPS, 1, 1),
        weights.take("bias", Init.ZEROS, out));
  }

  /** From F + 2 frames, F. */
  @Axes("B F Y X C")
  Tensor everyFrame(@Axes("B F Y X C") Tensor x) {
    try (var scope = Scope.open()) {
      long frames = x.size(1) - 2;
      return scope.keep(
          map(x.narrow(1, 0, frames), x.narrow(1, 1, frames), x.narrow(1, 2, frames)));
    }
  }

  /** From 2 F + 1 frames, F: output t sees frames 2t to 2t + 2. */
  @Axes("B F Y X C")
  Tensor everyOther(@Axes("B F Y X C") Tensor x) {
    try (var scope = Scope.open()) {
      long frames = (x.size(1) - 1) / 2;
      long[] paired = {x.size(0), frames, 2, x.size(2), x.size(3), x.size(4)};
      var from0 = x.narrow(1, 0, 2 * frames).reshape(paired);
      var from1 = x.narrow(1, 1, 2 * frames).reshape(paired);
      return scope.keep(map(from0.select(2, 0), from0.select(2, 1), from1.select(2, 1)));
    }
  }

  private Tensor map(Tensor first, Tensor second, Tensor third) {
    var matrix = weight.permute(0, 2, 1, 3, 4).reshape(weight.size(0), TAPS * weight.size(1));
    var dtype = first.dtype();
    return Functional.linear(
        Tensor.cat(List.of(first, second, third), -1), matrix.to(dtype), bias.to(dtype));
  }
}
