package dev.longtake.cli;

import dev.longtake.checkpoint.Safetensors;
import dev.longtake.nn.Weights;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.ModelConfig.SamplerKind;
import dev.longtake.rollout.ModelConfig.Sampling;
import dev.longtake.rollout.ModelConfig.VideoSize;
import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.text.Umt5Config;
import dev.longtake.text.Umt5Encoder;
import dev.longtake.text.WordTokenizerFile;
import dev.longtake.vae.VaeConfig;
import dev.longtake.vae.WanVae;
import dev.longtake.wan.WanConfig;
import dev.longtake.wan.WanTransformer;
import dev.longtake.world.Caption;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;

/** A whole model folder with random weights, small enough that a test can generate with it. */
final class TinyModel {
  static final int WIDTH = 32;
  static final int HEIGHT = 32;
  static final int FPS = 16;
  static final int PROMPT_TOKENS = 24;

  private static final int LATENT = 4;
  private static final int TEXT = 8;

  private TinyModel() {}

  /** Writes the model of a seed into an empty folder. */
  static Path write(Path folder, long seed) {
    var tokenizer = new WordTokenizerFile(Caption.vocabulary());
    tokenizer.write(folder.resolve(VideoModel.TOKENIZER));
    var config =
        new ModelConfig(
            "tiny",
            new VideoSize(WIDTH, HEIGHT, FPS),
            new WanConfig(24, 48, 16, TEXT, PROMPT_TOKENS, LATENT, 2, 2),
            VaeConfig.small(4, LATENT),
            Umt5Config.of(tokenizer.size(), TEXT, TEXT, 16, 2, 1),
            new Sampling(SamplerKind.FEW_STEP, 2, 5, 1),
            "sink-window:sink=3,frames=6",
            dev.longtake.rollout.Recall.CACHED);
    config.write(folder);
    var file = folder.resolve(VideoModel.TRANSFORMER);
    weights(file, seed, weights -> WanTransformer.of(weights, config.transformer()));
    file = folder.resolve(VideoModel.VAE);
    weights(file, seed, weights -> WanVae.of(config.vae(), weights));
    file = folder.resolve(VideoModel.TEXT_ENCODER);
    weights(file, seed, weights -> Umt5Encoder.of(weights, config.textEncoder()));
    return folder;
  }

  /** Writes a network of random weights. */
  static void weights(Path file, long seed, Consumer<Weights> network) {
    try (var scope = Scope.open();
        var rng = Rng.seeded(seed, Device.CPU);
        var weights = Weights.random(rng, Dtype.FLOAT32)) {
      network.accept(weights);
      Safetensors.write(file, weights.taken(), Map.of());
    }
  }
}
