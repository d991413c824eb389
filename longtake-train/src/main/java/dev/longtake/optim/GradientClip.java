package dev.longtake.optim;

import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;

/** Limits the norm of all gradients together, without waiting for the device. */
public final class GradientClip {
  private GradientClip() {}

  /**
   * Scales the gradients down to a norm of at most {@code most}; smaller ones keep every bit. One
   * that is not finite does not spread to the others, so that its weight can be named.
   *
   * @param most above 0
   * @return the norm before, a single number
   */
  public static Tensor apply(FlatParameters parameters, double most) {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var gradients = parameters.gradients();
      var norm = gradients.square().sum().sqrt();
      var factor = norm.plus(1e-6).square().rsqrt().times(most).clamp(0, 1);
      var one = Tensor.full(1, Dtype.FLOAT32, gradients.device());
      gradients.timesInPlace(factor.where(factor.lessThan(2), one)); // NaN is not below 2
      return scope.keep(norm);
    }
  }
}
