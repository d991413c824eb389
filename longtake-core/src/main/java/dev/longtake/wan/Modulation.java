package dev.longtake.wan;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;

/** Adaptive layer norm's shift, scale and gate of one residual branch, a vector per frame. */
record Modulation(
    @Axes("B F 1 D") Tensor shift, @Axes("B F 1 D") Tensor scale, @Axes("B F 1 D") Tensor gate) {

  /** {@code normed · (1 + scale) + shift}. */
  Tensor apply(@Axes("B F P D") Tensor normed) {
    try (var scope = Scope.open()) {
      return scope.keep(normed.times(scale.plus(1)).plus(shift));
    }
  }

  /** {@code branch · gate}. */
  Tensor gated(@Axes("B F P D") Tensor branch) {
    return branch.times(gate);
  }
}
