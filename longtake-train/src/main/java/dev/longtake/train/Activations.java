package dev.longtake.train;

import dev.longtake.nn.Passage;
import dev.longtake.nn.Recomputed;
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
   */
  public void backward(Function<Passage, Tensor> loss) {
    if (this == KEPT) {
      loss.apply(Passage.DIRECT).backward();
      return;
    }
    try (var pass = Recomputed.start()) {
      pass.backward(loss.apply(pass));
    }
  }

  /** An objective that treats them so, see {@link RecomputedObjective}. */
  public Objective of(Function<Passage, Objective> objective) {
    return this == KEPT ? objective.apply(Passage.DIRECT) : new RecomputedObjective(objective);
  }
}
