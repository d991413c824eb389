package dev.longtake.wan;

import dev.longtake.checkpoint.CheckpointSource;
import dev.longtake.checkpoint.KeyMap;
import dev.longtake.checkpoint.Safetensors;
import dev.longtake.memory.KvStore;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.testkit.Fixtures;

/** The transformer that the reference outputs were computed with, in float32. */
public record ReferenceWan(WanTransformer model, Weights weights, KvStore.Geometry geometry)
    implements AutoCloseable {

  /** Reads sizes and weights. */
  public static ReferenceWan read() {
    var sizes = Fixtures.config().get("dit");
    var config =
        new WanConfig(
            sizes.get("dim").asInt(),
            sizes.get("ffn_dim").asInt(),
            sizes.get("freq_dim").asInt(),
            sizes.get("text_dim").asInt(),
            sizes.get("text_len").asInt(),
            sizes.get("in_dim").asInt(),
            sizes.get("num_heads").asInt(),
            sizes.get("num_layers").asInt());
    var geometry =
        new KvStore.Geometry(
            config.numLayers(),
            sizes.get("height").asInt() / WanConfig.PATCH,
            sizes.get("width").asInt() / WanConfig.PATCH,
            config.headDim());
    try (var file = Safetensors.open(Fixtures.file("dit.safetensors"))) {
      var source = new CheckpointSource(file, KeyMap.identity(), Dtype.FLOAT32, Device.CPU);
      var weights = Weights.from(source);
      var model = WanTransformer.of(weights, config);
      source.requireNothingSpare(weights);
      return new ReferenceWan(model, weights, geometry);
    }
  }

  @Override
  public void close() {
    weights.close();
  }
}
