package dev.longtake.train;

import dev.longtake.tensor.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One network of a run as a checkpoint holds it.
 *
 * @param name of the network; empty if it is the run's only one
 * @param updates optimiser updates so far
 * @param tensors flat, laid out like the parameters, by name
 */
public record SavedPart(String name, long updates, Map<String, Tensor> tensors) {

  /** Copies the map, keeping its order. */
  public SavedPart {
    tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
  }

  /** What a tensor or fact of this part is called in the file. */
  String key(String of) {
    return name.isEmpty() ? of : name + "." + of;
  }
}
