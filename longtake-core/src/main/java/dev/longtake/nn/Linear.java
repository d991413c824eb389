package dev.longtake.nn;

import dev.longtake.tensor.Functional;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@code x Wᵀ + b}.
 *
 * @param weight [out, in]
 * @param bias [out], or absent
 */
public record Linear(Tensor weight, @Nullable Tensor bias) implements Projection {

  /** With bias; fresh weights start Xavier-uniform, biases at 0. */
  public static Linear of(Weights weights, long in, long out) {
    return of(weights, Init.XAVIER, in, out);
  }

  /** With bias; fresh weights start as given, biases at 0. */
  public static Linear of(Weights weights, Init init, long in, long out) {
    return new Linear(weights.take("weight", init, out, in), weights.take("bias", Init.ZEROS, out));
  }

  /** Without bias. */
  public static Linear unbiased(Weights weights, Init init, long in, long out) {
    return new Linear(weights.take("weight", init, out, in), null);
  }

  /**
   * Maps [..., in] to [..., out], in the type of x.
   *
   * @throws IllegalArgumentException if x is in eight bits, which this layer does not take
   */
  @Override
  public Tensor forward(Operand x) {
    if (x.scale() != null) {
      throw new IllegalArgumentException("weights of type " + weight.dtype() + " take no " + x);
    }
    return forward(x.values());
  }

  /** Maps [..., in] to [..., out], in the type of x. */
  @Override
  public Tensor forward(Tensor x) {
    try (var scope = Scope.open()) {
      var dtype = x.dtype();
      var shift = bias == null ? null : bias.to(dtype);
      return scope.keep(Functional.linear(x, weight.to(dtype), shift));
    }
  }
}
