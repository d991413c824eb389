package dev.longtake.recipes;

import dev.longtake.optim.FlatParameters;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.text.Umt5Encoder;
import dev.longtake.wan.WanTransformer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Which weights the transformer's stage begins with.
 *
 * @param from folder of a model whose transformer and text encoder they are; empty for random ones
 */
record CausalOrigin(String from) {
  static final String TRANSFORMER = "transformer";
  static final String TEXT = "text_encoder";

  /** Whether they are another model's. */
  boolean taken() {
    return !from.isEmpty();
  }

  /**
   * The weights of both networks, under the prefixes {@link #TRANSFORMER} and {@link #TEXT}; the
   * caller closes them.
   *
   * @param config sizes that they must have
   * @param tokenizer whose words the text encoder is to know
   * @throws IllegalArgumentException if the model is of other sizes or reads other words
   */
  FlatParameters weights(ModelConfig config, Path tokenizer, long seed, Device device) {
    if (!taken()) {
      return TrainedWeights.drawn(
          seed,
          device,
          weights -> {
            WanTransformer.of(weights.at(TRANSFORMER), config.transformer());
            Umt5Encoder.of(weights.at(TEXT), config.textEncoder());
          });
    }
    var folder = Path.of(from);
    check(ModelConfig.read(folder), config, tokenizer);
    try (var scope = Scope.open();
        var transformer = TransformerStage.given(folder, config.transformer(), Device.CPU);
        var text =
            TrainedWeights.given(
                folder.resolve(VideoModel.TEXT_ENCODER),
                Device.CPU,
                weights -> Umt5Encoder.of(weights, config.textEncoder()))) {
      Map<String, Tensor> all = new LinkedHashMap<>();
      transformer.taken().forEach((name, w) -> all.put(TRANSFORMER + "." + name, w));
      text.taken().forEach((name, w) -> all.put(TEXT + "." + name, w));
      return FlatParameters.copyOf(all, device);
    }
  }

  private void check(ModelConfig there, ModelConfig asked, Path tokenizer) {
    if (!there.transformer().equals(asked.transformer())
        || !there.textEncoder().equals(asked.textEncoder())
        || !there.vae().equals(asked.vae())) {
      throw new IllegalArgumentException(
          "causal.from: "
              + from
              + " is of other sizes or latents than this run's model; make them the same, its"
              + " autoencoder by vae_from");
    }
    var words = Path.of(from).resolve(VideoModel.TOKENIZER);
    if (!FileHash.of(words).equals(FileHash.of(tokenizer))) {
      throw new IllegalArgumentException(
          "causal.from: " + words + " has other words than the captions; leave causal.from out");
    }
  }

  /** What was trained on, and what training began with. */
  String told(String data) {
    return taken()
        ? data
            + "; transformer begun with that of "
            + from
            + ", sha256 "
            + FileHash.of(Path.of(from).resolve(VideoModel.TRANSFORMER))
        : data;
  }
}
