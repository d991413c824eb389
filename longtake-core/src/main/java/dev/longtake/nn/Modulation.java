package dev.longtake.nn;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Functional;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;

/**
 * Adaptive layer norm's shift, scale and gate of one residual branch, a vector per frame. Axes: B
 * batch, F frames, P tokens of a frame, D width.
 */
public record Modulation(
    @Axes("B F 1 D") Tensor shift, @Axes("B F 1 D") Tensor scale, @Axes("B F 1 D") Tensor gate) {

  /** {@code normed · (1 + scale) + shift}, in the type of what is normed. */
  public @Axes("B F P D") Tensor apply(@Axes("B F P D") Tensor normed) {
    try (var scope = Scope.open()) {
      var factor = scale.to(normed.dtype()).plus(1);
      return scope.keep(Functional.plusProduct(shift, normed, factor));
    }
  }

  /** Of the last frames alone, as views; this very one if there are no others. */
  public Modulation last(long frames) {
    long first = shift.size(1) - frames;
    if (first == 0) {
      return this;
    }
    return new Modulation(
        shift.narrow(1, first, frames),
        scale.narrow(1, first, frames),
        gate.narrow(1, first, frames));
  }
}
