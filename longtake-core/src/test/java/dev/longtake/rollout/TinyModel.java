package dev.longtake.rollout;

import dev.longtake.checkpoint.Safetensors;
import dev.longtake.nn.Weights;
import dev.longtake.rollout.ModelConfig.SamplerKind;
import dev.longtake.rollout.ModelConfig.Sampling;
import dev.longtake.rollout.ModelConfig.VideoSize;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.text.Umt5Config;
import dev.longtake.text.Umt5Encoder;
import dev.longtake.text.WordTokenizerFile;
import dev.longtake.vae.VaeConfig;
import dev.longtake.vae.WanVae;
import dev.longtake.wan.WanConfig;
import dev.longtake.wan.WanTransformer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * A whole model folder of random weights, as small as the parts allow: for the tests of this module
 * and, from its test jar, of those that build on it.
 */
public final class TinyModel {
  /** What every tiny model can read. */
  public static final String PROMPT = "a red cube in a brick room";

  /** Pixels. */
  public static final int WIDTH = 32;

  /** Pixels. */
  public static final int HEIGHT = 32;

  /** Frames per second. */
  public static final int FPS = 16;

  /** Most tokens of a prompt, its end included. */
  public static final int PROMPT_TOKENS = 48;

  /** What its memory is unless told otherwise. */
  public static final String MEMORY = "slow-fast:sink=3,slow=3,fast=6";

  private TinyModel() {}

  /** Of the model that knows the words of {@link #PROMPT}. */
  public static ModelConfig config() {
    return config(tokenizer(List.of()).size());
  }

  private static ModelConfig config(int vocabulary) {
    return new ModelConfig(
        "tiny",
        new VideoSize(WIDTH, HEIGHT, FPS),
        new WanConfig(16, 24, 8, 6, PROMPT_TOKENS, 2, 2, 2),
        new VaeConfig(
            4,
            2,
            List.of(1, 1, 1, 1),
            1,
            List.of(false, true, true),
            List.of(0.5, -0.25),
            List.of(2.0, 0.5)),
        Umt5Config.of(vocabulary, 6, 6, 8, 2, 1),
        new Sampling(SamplerKind.EULER, 2, 3, 1),
        MEMORY,
        Recall.CACHED);
  }

  private static WordTokenizerFile tokenizer(List<String> texts) {
    return WordTokenizerFile.of(Stream.concat(Stream.of(PROMPT), texts.stream()).toList());
  }

  /** Writes the model that knows the words of {@link #PROMPT}, and returns the folder. */
  public static Path write(Path folder) {
    return write(folder, List.of());
  }

  /** Writes a model that knows more words into an empty folder, and returns the folder. */
  public static Path write(Path folder, List<String> texts) {
    var tokenizer = tokenizer(texts);
    tokenizer.write(folder.resolve(VideoModel.TOKENIZER));
    return write(folder, config(tokenizer.size()));
  }

  private static Path write(Path folder, ModelConfig config) {
    config.write(folder);
    weights(
        folder.resolve(VideoModel.TRANSFORMER), 1, w -> WanTransformer.of(w, config.transformer()));
    weights(folder.resolve(VideoModel.VAE), 1, w -> WanVae.of(config.vae(), w).close());
    weights(
        folder.resolve(VideoModel.TEXT_ENCODER), 1, w -> Umt5Encoder.of(w, config.textEncoder()));
    return folder;
  }

  /**
   * Writes a network of random weights. None is left at 0, where fresh heads start: such a
   * transformer predicts 0 for everything.
   */
  public static void weights(Path file, long seed, Consumer<Weights> network) {
    try (var scope = Scope.open();
        var rng = Rng.seeded(seed, Device.CPU);
        var weights = Weights.random(rng, Dtype.FLOAT32)) {
      network.accept(weights);
      for (Tensor weight : weights.taken().values()) {
        weight.plusInPlace(rng.normal(Dtype.FLOAT32, weight.shape()), 0.2);
      }
      Safetensors.write(file, weights.taken(), Map.of());
    }
  }
}
