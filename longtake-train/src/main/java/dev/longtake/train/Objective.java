package dev.longtake.train;

import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Tensor;
import java.util.Map;

/** What a model is trained for. */
@FunctionalInterface
public interface Objective {

  /**
   * The loss of a step, and parts of it worth watching.
   *
   * @param total a single FLOAT32 number to be differentiated
   * @param parts single numbers by the tag under which they are logged
   */
  record Loss(Tensor total, Map<String, Tensor> parts) {}

  /**
   * The loss of a step.
   *
   * @param step from 0
   * @param rng seeded by run and step, on the model's device
   */
  Loss at(long step, Rng rng);
}
