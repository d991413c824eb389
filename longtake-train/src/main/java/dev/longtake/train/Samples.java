package dev.longtake.train;

import dev.longtake.tensor.Tensor;
import java.util.Map;

/** Shows what a model can do while it is trained. */
@FunctionalInterface
public interface Samples {
  /**
   * Makes samples with the averaged weights. What it draws is its own: training goes on as if it
   * had not been called.
   *
   * @param step steps done
   * @param weights by name, views, owned by the caller's scope
   */
  void make(long step, Map<String, Tensor> weights);
}
