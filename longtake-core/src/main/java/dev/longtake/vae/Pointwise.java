package dev.longtake.vae;

import dev.longtake.nn.Init;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Functional;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.Arrays;

/**
 * A convolution of kernel 1: one linear map for every pixel.
 *
 * @param weight [out, in, 1, 1] or [out, in, 1, 1, 1]
 * @param bias [out]
 */
record Pointwise(Tensor weight, Tensor bias) {

  /** With as many kernel axes of size 1 as the published weight has. */
  static Pointwise of(Weights weights, long in, long out, int ones) {
    long[] shape = new long[2 + ones];
    Arrays.fill(shape, 1);
    shape[0] = out;
    shape[1] = in;
    return new Pointwise(
        weights.take("weight", Init.FAN_IN, shape), weights.take("bias", Init.ZEROS, out));
  }

  /** Maps the last axis from in to out channels. */
  @Axes("B F Y X C")
  Tensor forward(@Axes("B F Y X C") Tensor x) {
    try (var scope = Scope.open()) {
      var matrix = weight.reshape(weight.size(0), weight.size(1)).to(x.dtype());
      return scope.keep(Functional.linear(x, matrix, bias.to(x.dtype())));
    }
  }
}
