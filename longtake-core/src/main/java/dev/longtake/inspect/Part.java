package dev.longtake.inspect;

import dev.longtake.tensor.Dtype;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * A set of tensors that belong together: a file, or a dict inside an archive.
 *
 * @param name where it is: the file's path in its folder, the dict's key, or both; empty for the
 *     whole of what was looked at
 * @param tensors in the file's order
 * @param metadata free text by name
 */
public record Part(String name, List<TensorInfo> tensors, Map<String, String> metadata) {
  /** Copies the collections. */
  public Part {
    tensors = List.copyOf(tensors);
    metadata = Map.copyOf(metadata);
  }

  /** How many numbers its tensors are. */
  public long parameters() {
    return tensors.stream().mapToLong(TensorInfo::count).sum();
  }

  /** How many bytes its tensors take as they are. */
  public long bytes() {
    return tensors.stream().mapToLong(TensorInfo::bytes).sum();
  }

  /**
   * How many bytes its tensors take with real numbers in that type. This is the weights alone: what
   * a network needs to compute comes on top.
   */
  public long bytesIn(Dtype real) {
    return tensors.stream()
        .mapToLong(t -> t.dtype().isFloat() ? t.count() * real.bytes() : t.bytes())
        .sum();
  }

  /** How many numbers there are of each type. */
  public Map<Dtype, Long> dtypes() {
    Map<Dtype, Long> counts = new EnumMap<>(Dtype.class);
    tensors.forEach(tensor -> counts.merge(tensor.dtype(), tensor.count(), Long::sum));
    return counts;
  }
}
