package dev.longtake.train;

import dev.longtake.nn.Passage;
import dev.longtake.nn.Recomputed;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.function.Function;

/** What becomes of a layer's activations between the forward and the backward pass. */
public enum Activations {
  /** They stay: fastest. */
  KEPT,
  /** They are made again, one layer at a time: least memory. */
  RECOMPUTED;

  /**
   * Adds the gradient of a single number to every trained weight.
   *
   * @param loss computes it with networks run by the passage that it is given
   * @return the number without its graph, owned by the caller's scope
   */
  public Tensor backward(Function<Passage, Tensor> loss) {
    try (var scope = Scope.open()) {
      if (this == KEPT) {
        var number = loss.apply(Passage.DIRECT);
        number.backward();
        return scope.keep(number.detach());
      }
      try (var pass = Recomputed.start()) {
        var number = loss.apply(pass);
        pass.backward(number);
        return scope.keep(number.detach());
      }
    }
  }

  /** An objective that treats them so, see {@link RecomputedObjective}. */
  public Objective of(Function<Passage, Objective> objective) {
    return this == KEPT ? objective.apply(Passage.DIRECT) : new RecomputedObjective(objective);
  }
}
