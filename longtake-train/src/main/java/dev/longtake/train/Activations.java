package dev.longtake.train;

import dev.longtake.nn.Passage;
import java.util.function.Function;

/** What becomes of a layer's activations between the forward and the backward pass. */
public enum Activations {
  /** They stay: fastest. */
  KEPT,
  /** They are made again, one layer at a time: least memory. */
  RECOMPUTED;

  /** An objective that treats them so, see {@link RecomputedObjective}. */
  public Objective of(Function<Passage, Objective> objective) {
    return this == KEPT ? objective.apply(Passage.DIRECT) : new RecomputedObjective(objective);
  }
}
