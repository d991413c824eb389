package dev.longtake.train;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.wan.Prompt;
import dev.longtake.wan.WanTransformer;

/** Captions as every layer reads them, some of them hidden so that there can be guidance. */
public final class ShownCaptions {
  private ShownCaptions() {}

  /**
   * Reads text states; those of a hidden caption are all zeros, as for guidance.
   *
   * @param dropout fraction that is hidden, 0 to 1
   * @return owned by the caller's scope
   */
  public static Prompt read(
      WanTransformer model, @Axes("B L D") Tensor states, double dropout, Rng rng) {
    try (var scope = Scope.open()) {
      var shown =
          rng.uniform(Dtype.FLOAT32, states.size(0), 1, 1).lessThan(1 - dropout).to(states.dtype());
      return model.read(states.times(shown)).keptBy(scope);
    }
  }
}
