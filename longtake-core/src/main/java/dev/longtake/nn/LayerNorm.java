package dev.longtake.nn;

import dev.longtake.tensor.Functional;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Layer norm over the last axis, with or without an affine map after it.
 *
 * @param weight [width], or absent together with bias
 * @param bias [width]
 * @param eps added to the variance
 */
public record LayerNorm(@Nullable Tensor weight, @Nullable Tensor bias, double eps) {

  /** Without an affine map: no tensors. */
  public static LayerNorm plain(double eps) {
    return new LayerNorm(null, null, eps);
  }

  /** With an affine map. */
  public static LayerNorm affine(Weights weights, long width, double eps) {
    return new LayerNorm(
        weights.take("weight", Init.ONES, width), weights.take("bias", Init.ZEROS, width), eps);
  }

  /** Same shape and type as x. */
  public Tensor forward(Tensor x) {
    try (var scope = Scope.open()) {
      var dtype = x.dtype();
      return scope.keep(
          Functional.layerNorm(
              x,
              weight == null ? null : weight.to(dtype),
              bias == null ? null : bias.to(dtype),
              eps));
    }
  }
}
