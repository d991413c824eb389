package dev.longtake.recipes;

import dev.longtake.checkpoint.CheckpointSource;
import dev.longtake.checkpoint.KeyMap;
import dev.longtake.checkpoint.Safetensors;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import java.nio.file.Path;
import java.util.function.Function;

/**
 * A finished model's network, which is not trained.
 *
 * @param weights closed with this
 */
record Fixed<T>(T network, Weights weights) implements AutoCloseable {

  /**
   * Reads it from its file.
   *
   * @param dtype of the weights
   * @param build takes all weights of the file and no others
   */
  static <T> Fixed<T> of(Path file, Dtype dtype, Device device, Function<Weights, T> build) {
    try (var opened = Safetensors.open(file)) {
      var source = new CheckpointSource(opened, KeyMap.identity(), dtype, device);
      var weights = Weights.from(source);
      try {
        var network = build.apply(weights);
        source.requireNothingSpare(weights);
        return new Fixed<>(network, weights);
      } catch (RuntimeException | Error e) {
        weights.close();
        throw e;
      }
    }
  }

  @Override
  public void close() {
    weights.close();
  }
}
