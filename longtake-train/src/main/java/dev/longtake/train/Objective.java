package dev.longtake.train;

import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Tensor;
import java.util.Map;

/** What a model is trained for. */
@FunctionalInterface
public interface Objective {

  /**
   * The loss of a batch, and parts of it worth watching.
   *
   * @param total a single FLOAT32 number to be differentiated
   * @param parts single numbers by the tag under which they are logged
   * @param backward adds the gradient of the total to every trained weight; run at most once
   */
  record Loss(Tensor total, Map<String, Tensor> parts, Runnable backward) {

    /** A loss whose graph is whole: its gradient comes from one backward pass. */
    public Loss(Tensor total, Map<String, Tensor> parts) {
      this(total, parts, total::backward);
    }
  }

  /**
   * The loss of a batch.
   *
   * @param step which batch, from 0: the step, or with {@link TrainingConfig#accumulate} n batches
   *     a step {@code n · step + i} for its batch i
   * @param rng seeded by run and batch, on the model's device
   */
  Loss at(long step, Rng rng);
}
