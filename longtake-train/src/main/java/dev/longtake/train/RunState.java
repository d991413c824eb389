package dev.longtake.train;

import dev.longtake.tensor.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Everything that a run continues from.
 *
 * @param step the next step, from 0
 * @param parts its networks, of different names, saved as one so that no crash parts them
 * @param carried what else it carries along, by name, of any shape
 */
public record RunState(long step, List<SavedPart> parts, Map<String, Tensor> carried) {

  /** Copies what is given, keeping its order. */
  public RunState {
    parts = List.copyOf(parts);
    carried = Collections.unmodifiableMap(new LinkedHashMap<>(carried));
  }

  /** Of a run that carries nothing else. */
  public RunState(long step, List<SavedPart> parts) {
    this(step, parts, Map.of());
  }
}
