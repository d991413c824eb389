package dev.longtake.nn;

import dev.longtake.tensor.Functional;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;

/**
 * {@code x · rsqrt(mean(x²) + eps) · weight} over the last axis.
 *
 * @param weight [width]
 * @param eps added to the mean square
 */
public record RmsNorm(Tensor weight, double eps) {

  /** Fresh weights start at 1. */
  public static RmsNorm of(Weights weights, long width, double eps) {
    return new RmsNorm(weights.take("weight", Init.ONES, width), eps);
  }

  /** Same shape and type as x. */
  public Tensor forward(Tensor x) {
    try (var scope = Scope.open()) {
      return scope.keep(Functional.rmsNorm(x, weight.to(x.dtype()), eps));
    }
  }
}
