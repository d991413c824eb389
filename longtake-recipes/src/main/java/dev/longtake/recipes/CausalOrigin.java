package dev.longtake.recipes;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.optim.FlatParameters;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.text.Umt5Encoder;
import dev.longtake.vae.VaeConfig;
import dev.longtake.wan.WanTransformer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
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
    requireSizes(config);
    requireLatents(config.vae());
    requireWords(tokenizer);
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

  /**
   * Refuses, before there is an autoencoder, a model that cannot be gone on from.
   *
   * @param asked the model that the run file describes, its latents not yet measured
   * @param vae where the run's autoencoder comes from
   * @throws dev.longtake.checkpoint.CheckpointException if a file is missing
   * @throws IllegalArgumentException if the model is of other sizes, or of latents that an
   *     autoencoder which is yet to be trained will not have
   */
  void requireFitting(ModelConfig asked, VaeOrigin vae) {
    if (!taken()) {
      return;
    }
    requireSizes(asked);
    for (var file :
        List.of(VideoModel.TRANSFORMER, VideoModel.TEXT_ENCODER, VideoModel.TOKENIZER)) {
      if (!Files.isRegularFile(Path.of(from).resolve(file))) {
        throw new CheckpointException(
            from, "lacks " + file + "; let causal.from be the folder of a whole model");
      }
    }
    if (!vae.taken()) {
      throw new IllegalArgumentException(
          "causal.from: "
              + from
              + " knows its own autoencoder's latents, and this run is to train another; take that"
              + " autoencoder, by vae_from");
    }
    requireLatents(vae.latents());
  }

  private void requireSizes(ModelConfig asked) {
    var there = FolderKey.model("causal.from", from);
    require(
        there.transformer().equals(asked.transformer())
            && there.textEncoder().equals(asked.textEncoder())
            && VaeOrigin.unmeasured(there.vae()).equals(VaeOrigin.unmeasured(asked.vae())));
  }

  private void requireLatents(VaeConfig latents) {
    require(FolderKey.model("causal.from", from).vae().equals(latents));
  }

  private void require(boolean fits) {
    if (!fits) {
      throw new IllegalArgumentException(
          "causal.from: "
              + from
              + " is of other sizes or latents than this run's model; make them the same, its"
              + " autoencoder by vae_from");
    }
  }

  /**
   * Refuses a model that reads other words.
   *
   * @param tokenizer with the words of the captions
   * @throws IllegalArgumentException if it does
   */
  void requireWords(Path tokenizer) {
    if (taken() && !words().equals(FileHash.of(tokenizer))) {
      throw new IllegalArgumentException(
          "causal.from: " + from + " has other words than the captions; leave causal.from out");
    }
  }

  private String words() {
    return FileHash.of(Path.of(from).resolve(VideoModel.TOKENIZER));
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
