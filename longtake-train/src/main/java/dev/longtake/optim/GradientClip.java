package dev.longtake.optim;

import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;

/** Limits the norm of all gradients together, without waiting for the device. */
public final class GradientClip {
  private GradientClip() {}

  /**
   * Scales the gradients down to a norm of at most {@code most}.
   *
   * @param most above 0
   * @return the norm before, a single number
   */
  public static Tensor apply(FlatParameters parameters, double most) {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var gradients = parameters.gradients();
      var norm = gradients.square().sum().sqrt();
      gradients.timesInPlace(norm.plus(1e-6).square().rsqrt().times(most).clamp(0, 1));
      return scope.keep(norm);
    }
  }
}
