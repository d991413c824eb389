package dev.longtake.train;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;

/** Hides some captions, so that a model learns what guidance compares with. */
public final class PromptDropout {
  private PromptDropout() {}

  /**
   * A hidden caption is all zeros, as for guidance.
   *
   * @param share how many are hidden, 0 to 1
   */
  public static @Axes("B L E") Tensor apply(@Axes("B L E") Tensor states, double share, Rng rng) {
    try (var scope = Scope.open()) {
      var shown =
          rng.uniform(Dtype.FLOAT32, states.size(0), 1, 1).lessThan(1 - share).to(states.dtype());
      return scope.keep(states.times(shown));
    }
  }

  /** Refuses what is no share. */
  public static void check(double share) {
    if (!(share >= 0 && share <= 1)) {
      throw new IllegalArgumentException("prompt_dropout must be in [0, 1], not " + share);
    }
  }
}
