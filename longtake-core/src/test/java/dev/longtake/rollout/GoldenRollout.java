package dev.longtake.rollout;

import dev.longtake.checkpoint.CheckpointSource;
import dev.longtake.checkpoint.KeyMap;
import dev.longtake.checkpoint.Safetensors;
import dev.longtake.memory.Memory;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Tensor;
import dev.longtake.wan.Prompt;
import dev.longtake.wan.WanConfig;
import dev.longtake.wan.WanTransformer;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/**
 * What published code made of noise with a tiny transformer, whose weights are in the same file.
 * Chunks come first in every tensor of {@code noise}, {@code fresh} (what was added after each pass
 * but the last) and {@code latents}.
 */
record GoldenRollout(Safetensors file, Weights weights, WanTransformer model)
    implements AutoCloseable {
  private static final WanConfig SIZES = new WanConfig(32, 48, 16, 8, 6, 4, 2, 2);
  private static final int ROWS = 4;
  private static final int COLUMNS = 6;
  private static final String PREFIX = "weights.";
  private static final KeyMap KEYS =
      key ->
          key.startsWith(PREFIX) ? Optional.of(key.substring(PREFIX.length())) : Optional.empty();

  static GoldenRollout read(String name) {
    var found = Objects.requireNonNull(GoldenRollout.class.getResource(name), name);
    try {
      var file = Safetensors.open(Path.of(found.toURI()));
      var weights = Weights.from(new CheckpointSource(file, KEYS, Dtype.FLOAT32, Device.CPU));
      return new GoldenRollout(file, weights, WanTransformer.of(weights, SIZES));
    } catch (URISyntaxException e) {
      throw new AssertionError(name, e);
    }
  }

  Tensor tensor(String name) {
    return file.read(name);
  }

  /** Owned by the caller's scope. */
  Prompt prompt() {
    return model.read(file.read("text").unsqueeze(0));
  }

  Rollout rollout(Memory memory) {
    return new Rollout(model, memory, Recall.CACHED, ROWS, COLUMNS, Dtype.FLOAT32, Device.CPU);
  }

  @Override
  public void close() {
    weights.close();
    file.close();
  }
}
