package dev.longtake.nn;

import dev.longtake.tensor.Tensor;

/**
 * How a network's parts are run, one after the other: a network asks it to run each. What a part
 * computes is the same whichever is taken.
 */
public interface Passage {

  /** A part of a network as a function of its inputs; weights are no inputs. */
  @FunctionalInterface
  interface Part {
    /** The part's output; the inputs come in the order in which they were given. */
    Tensor forward(Tensor... inputs);
  }

  /** Runs each part at once, and leaves the rest to automatic differentiation. */
  Passage DIRECT = Part::forward;

  /**
   * Runs a part.
   *
   * @param part looks at nothing but its inputs, weights, and spans that {@link #lasting} gave
   * @return its output, owned by the caller's scope
   */
  Tensor through(Part part, Tensor... inputs);

  /** A span for a part to use, also when the part is run again later. */
  default AttentionSpan lasting(AttentionSpan span) {
    return span;
  }
}
