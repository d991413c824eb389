package dev.longtake.recipes;

import dev.longtake.checkpoint.Safetensors;
import dev.longtake.media.Frame;
import dev.longtake.media.Mp4Writer;
import dev.longtake.media.VideoFormat;
import dev.longtake.nn.Weights;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.text.Umt5Encoder;
import dev.longtake.text.WordTokenizerFile;
import dev.longtake.vae.WanVae;
import dev.longtake.wan.WanTransformer;
import dev.longtake.world.Caption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** A model folder of the tiny run's sizes with random weights, and small captioned videos. */
final class TinyFolder {
  private TinyFolder() {}

  /** Writes a model into a folder, made if absent. */
  static Path model(Path folder, long seed) throws IOException {
    Files.createDirectories(folder);
    var config = TinyRun.with(folder, Map.of()).model();
    config.write(folder);
    new WordTokenizerFile(Caption.vocabulary()).write(folder.resolve(VideoModel.TOKENIZER));
    weights(folder, VideoModel.VAE, seed, w -> WanVae.of(config.vae(), w).close());
    weights(folder, VideoModel.TEXT_ENCODER, seed, w -> Umt5Encoder.of(w, config.textEncoder()));
    transformer(folder, seed);
    return folder;
  }

  /** Replaces a model's transformer. */
  static void transformer(Path folder, long seed) {
    var sizes = config(folder).transformer();
    weights(folder, VideoModel.TRANSFORMER, seed, w -> WanTransformer.of(w, sizes));
  }

  /** Noise on top, since a fresh transformer predicts 0 whatever it is shown. */
  private static void weights(Path folder, String name, long seed, Consumer<Weights> network) {
    try (var scope = Scope.open();
        var rng = Rng.seeded(seed, Device.CPU);
        var weights = Weights.random(rng, Dtype.FLOAT32)) {
      network.accept(weights);
      Map<String, Tensor> noisy = new LinkedHashMap<>();
      weights
          .taken()
          .forEach(
              (key, tensor) ->
                  noisy.put(
                      key, tensor.plus(rng.normal(Dtype.FLOAT32, tensor.shape()).times(0.1))));
      Safetensors.write(folder.resolve(name), noisy, Map.of());
    }
  }

  /** Writes a video of that many grey pictures, 16 a second, and its caption beside it. */
  static Path video(Path folder, String name, int pictures, String caption) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve(name + ".txt"), caption);
    try (var writer =
        Mp4Writer.open(folder.resolve(name + ".mp4"), new VideoFormat(32, 16, 16), Map.of())) {
      for (int i = 0; i < pictures; i++) {
        writer.write(List.of(Frame.filled(32, 16, (8 * i % 256) * 0x010101)));
      }
      return writer.finish();
    }
  }

  /** The sizes that {@link #model} has. */
  static ModelConfig config(Path folder) {
    return ModelConfig.read(folder);
  }
}
