package dev.longtake.train;

import dev.longtake.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
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
 */
public record TrainingState(
    long step, long updates, Tensor values, Tensor first, Tensor second, Tensor average) {

  /** As a run of one network that carries nothing else. */
  public RunState whole() {
    return carrying(Map.of());
  }

  /** As a run of one network that carries something along. */
  RunState carrying(Map<String, Tensor> carried) {
    return new RunState(step, List.of(part()), carried);
  }

  SavedPart part() {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put("values", values.detach());
    tensors.put("first", first);
    tensors.put("second", second);
    tensors.put("average", average);
    return new SavedPart("", updates, tensors);
  }
}
