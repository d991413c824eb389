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

  /**
   * Adds the gradient of a step's loss to the weights' gradients. An objective whose graph would
   * not fit into memory at once computes it piece by piece here.
   *
   * @return the loss, owned by the caller's scope
   */
  default Loss backward(long step, Rng rng) {
    var loss = at(step, rng);
    loss.total().backward();
    return loss;
  }
}
