package dev.longtake.checkpoint;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import java.util.List;
import java.util.Map;

/**
 * The weights of one network in a file, and what the file's keys mean.
 *
 * @param tensors the file, which closing this closes
 * @param keys names by the file's keys
 */
public record WeightFile(TensorFile tensors, KeyMap keys) implements AutoCloseable {

  /** The weights to read, in a type on a device; those that are not finite are refused. */
  public CheckpointSource source(Dtype dtype, Device device) {
    return new CheckpointSource(tensors, keys, dtype, device).refusingNonFinite();
  }

  /** How they fit a network of these shapes, from the headers alone. */
  public LoadReport report(Map<String, List<Long>> wanted) {
    return LoadReport.of(tensors, keys, wanted);
  }

  /** How many bytes they take once loaded in that type, from the headers alone. */
  public long bytes(Dtype dtype) {
    return tensors.names().stream()
            .filter(key -> keys.name(key).isPresent())
            .mapToLong(tensors::count)
            .sum()
        * dtype.bytes();
  }

  @Override
  public void close() {
    tensors.close();
  }
}
