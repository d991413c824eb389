package dev.longtake.pretrained;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.checkpoint.KeyMap;
import dev.longtake.checkpoint.TensorFile;
import dev.longtake.checkpoint.WanNetwork;
import dev.longtake.checkpoint.WanNetwork.Named;
import dev.longtake.checkpoint.WanNetwork.Naming;
import dev.longtake.rollout.ModelPart;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which names a file has for a network's tensors: Wan's own or those of Diffusers, told by one
 * tensor that only the one has, and either inside the wrappers of training. A name that is neither
 * stays as it is, for strict loading to find.
 */
enum PartNames {
  TRANSFORMER(
      WanNetwork.TRANSFORMER,
      "time_projection.1.weight",
      "condition_embedder.time_proj.weight",
      "a transformer of Wan 2.1"),
  VAE(
      WanNetwork.AUTOENCODER,
      "decoder.middle.0.residual.2.weight",
      "post_quant_conv.weight",
      "the video autoencoder of Wan 2.1"),
  TEXT_ENCODER(
      WanNetwork.TEXT_ENCODER, "token_embedding.weight", "shared.weight", "a UMT5 text encoder");

  /** The tokenizer's model as bytes, and the one table of tokens under its second name. */
  private static final Set<String> NO_WEIGHTS =
      Set.of("spiece_model", "encoder.embed_tokens.weight");

  private static final int LISTED = 3;

  private final WanNetwork network;
  private final String original;
  private final String diffusers;
  private final String words;

  PartNames(WanNetwork network, String original, String diffusers, String words) {
    this.network = network;
    this.original = original;
    this.diffusers = diffusers;
    this.words = words;
  }

  /**
   * The map that fits a file.
   *
   * @throws CheckpointException if it holds another network
   */
  static KeyMap of(ModelPart part, TensorFile file) {
    return switch (part) {
      case TRANSFORMER -> TRANSFORMER.keys(file);
      case VAE -> VAE.keys(file);
      case TEXT_ENCODER -> TEXT_ENCODER.keys(file);
    };
  }

  private KeyMap keys(TensorFile file) {
    var unwrapped = KeyMap.unwrapping();
    var names =
        file.names().stream()
            .flatMap(key -> unwrapped.name(key).stream())
            .collect(Collectors.toSet());
    if (names.contains(original)) {
      return unwrapped;
    }
    if (!names.contains(diffusers)) {
      throw stranger(file);
    }
    var renamed = new Named(network, Naming.DIFFUSERS).to(Naming.ORIGINAL);
    return unwrapped.then(
        name ->
            NO_WEIGHTS.contains(name)
                ? Optional.empty()
                : renamed.name(name).or(() -> Optional.of(name)));
  }

  private CheckpointException stranger(TensorFile file) {
    return new CheckpointException(
        file.description(),
        "is not "
            + words
            + ": its "
            + file.names().size()
            + " tensors are called "
            + file.names().stream().limit(LISTED).map(CheckpointException::quoted).toList()
            + " and so on; choose another file");
  }
}
