package dev.longtake.train;

import dev.longtake.tensor.Tensor;
import java.util.Map;

/**
 * Everything that a run continues from; tensors are flat and laid out like the parameters.
 *
 * @param step the next step, from 0
 * @param updates optimiser updates so far
 * @param values the weights
 * @param first first moments
 * @param second second moments
 * @param average moving average of the weights
 * @param carried what else the run carries along, of any shape
 */
public record TrainingState(
    long step,
    long updates,
    Tensor values,
    Tensor first,
    Tensor second,
    Tensor average,
    Map<String, Tensor> carried) {

  /** Of a run that carries nothing else. */
  public TrainingState(
      long step, long updates, Tensor values, Tensor first, Tensor second, Tensor average) {
    this(step, updates, values, first, second, average, Map.of());
  }
}
