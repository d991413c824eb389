package dev.longtake.train;

import dev.longtake.tensor.Tensor;
import java.util.Map;

/**
 * What a run carries from step to step besides weights and moments, such as errors that it collects
 * and feeds back. It is saved with every checkpoint and comes back with it bit for bit.
 */
public interface Carried {
  /** Of a run that carries nothing else. */
  Carried NOTHING =
      new Carried() {
        @Override
        public Map<String, Tensor> tensors() {
          return Map.of();
        }

        @Override
        public void restore(Map<String, Tensor> saved) {
          if (!saved.isEmpty()) {
            throw new TrainingException(
                "the checkpoint carries "
                    + saved.keySet().iterator().next()
                    + ", which this run knows nothing of; give another output folder");
          }
        }
      };

  /**
   * By name, in an order that does not change; asked for between steps, while nothing trains.
   *
   * @return each owned by this or by the caller's scope
   */
  Map<String, Tensor> tensors();

  /**
   * Goes on from what was saved.
   *
   * @param saved what {@link #tensors} gave, on the processor, owned by the caller's scope
   * @throws TrainingException if it is of a run that carries something else
   */
  void restore(Map<String, Tensor> saved);
}
