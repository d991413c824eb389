package dev.longtake.train;

import dev.longtake.diffusion.FlowSchedule;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;

/** The pieces of flow-matching training, as pure functions. */
public final class FlowMatching {
  private FlowMatching() {}

  /**
   * Noise levels drawn evenly and warped: {@code σ = s·u / (1 + (s − 1)·u)}, u uniform in (0, 1].
   *
   * @param shift s, above 0
   */
  public static Tensor sigmas(Rng rng, double shift, long... shape) {
    try (var scope = Scope.open()) {
      var u = rng.uniform(Dtype.FLOAT32, shape).negated().plus(1);
      return scope.keep(u.times(shift).dividedBy(u.times(shift - 1).plus(1)));
    }
  }

  /** {@code mean (v − (ε − x₀))²}, a FLOAT32 number. */
  public static Tensor loss(Tensor flow, Tensor clean, Tensor noise) {
    try (var scope = Scope.open()) {
      return scope.keep(loss(flow, noise.minus(clean)));
    }
  }

  /** {@code mean (v − v*)²}, a FLOAT32 number. */
  public static Tensor loss(Tensor flow, Tensor wanted) {
    try (var scope = Scope.open()) {
      return scope.keep(flow.to(Dtype.FLOAT32).minus(wanted).square().mean());
    }
  }

  /** {@code mean w·(v − (ε − x₀))²}, a FLOAT32 number; w is spread over what it lacks. */
  public static Tensor loss(Tensor flow, Tensor clean, Tensor noise, Tensor weight) {
    try (var scope = Scope.open()) {
      var error = flow.to(Dtype.FLOAT32).minus(noise.minus(clean)).square();
      return scope.keep(error.times(weight).mean());
    }
  }

  /** {@code (1 − σ)·x₀ + σ·ε}. */
  public static Tensor noised(Tensor clean, Tensor noise, Tensor sigma) {
    return FlowSchedule.addNoise(clean, noise, sigma);
  }
}
