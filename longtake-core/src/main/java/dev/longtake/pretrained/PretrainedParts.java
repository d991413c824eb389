package dev.longtake.pretrained;

import dev.longtake.checkpoint.AdaptedFile;
import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.checkpoint.KeyMap;
import dev.longtake.checkpoint.LoadReport;
import dev.longtake.checkpoint.LowRank;
import dev.longtake.checkpoint.ScaledFloat8;
import dev.longtake.checkpoint.TensorFile;
import dev.longtake.checkpoint.TrainedCheckpoint;
import dev.longtake.checkpoint.TrainedPart;
import dev.longtake.checkpoint.WeightFile;
import dev.longtake.nn.Weights;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.ModelPart;
import dev.longtake.rollout.ModelParts;
import dev.longtake.text.Umt5Config;
import dev.longtake.vae.TinyConfig;
import dev.longtake.vae.TinyDecoder;
import dev.longtake.vae.VaeConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A model from a published folder, run by a preset: autoencoder, text encoder and tokenizer are the
 * folder's, the transformer is the one that was trained from it. Files may be given in place of any
 * of these.
 */
public final class PretrainedParts implements ModelParts {
  private final PartFiles files;

  private PretrainedParts(PartFiles files) {
    this.files = files;
  }

  /** A folder's files and a preset; {@link FileRole#CHECKPOINT} is still to be given. */
  public static PretrainedParts of(PretrainedFolder folder, Preset preset) {
    return new PretrainedParts(new PartFiles(folder, preset, Map.of()));
  }

  /**
   * A folder's own model, transformer included, which makes a whole video at once: what training
   * begins with.
   *
   * @throws CheckpointException if its transformer's weights are missing
   */
  public static PretrainedParts base(PretrainedFolder folder) {
    return of(folder, Presets.base(folder.transformer()))
        .with(FileRole.CHECKPOINT, folder.file(ModelPart.TRANSFORMER));
  }

  /** With a model of the file other than the preset's: its last step or its average. */
  public PretrainedParts with(TrainedPart part) {
    return new PretrainedParts(files.with(preset().withPart(part)));
  }

  /**
   * With an adapter merged into the transformer, of sizes that the preset does not tell.
   *
   * @param strength its alpha divided by its rank
   * @throws CheckpointException if the file holds no adapter
   * @throws IllegalArgumentException if the preset has an adapter of its own
   */
  public PretrainedParts withAdapter(Path file, double strength) {
    try (var factors = TrainedCheckpoint.openAdapter(file)) {
      int rank = AdaptedFile.rank(factors);
      var preset = preset().withAdapter(new LowRank(rank, strength * rank));
      return new PretrainedParts(files.with(preset)).with(FileRole.ADAPTER, file);
    }
  }

  /** With a file beside the folder's own, or in place of one. */
  public PretrainedParts with(FileRole role, Path file) {
    return new PretrainedParts(files.with(role, file));
  }

  /** How it is run. */
  public Preset preset() {
    return files.preset();
  }

  /**
   * Sizes from the folder's configurations or the files' headers, the rest from the preset.
   *
   * @throws CheckpointException if a file that tells a size is missing or unreadable
   * @throws IllegalArgumentException as {@link Preset#config}
   */
  @Override
  public ModelConfig config() {
    return preset().config(files.folder().transformer(), vaeSizes(), textSizes());
  }

  @Override
  public Path tokenizer() {
    return files.tokenizer();
  }

  @Override
  public Path file(ModelPart part) {
    return files.of(part);
  }

  @Override
  public WeightFile open(ModelPart part) {
    var shapes = part.shapes(config());
    return requireFit(opened(part), part.toString(), shapes);
  }

  /** How a part's file fits its network, from the headers; what does not fit is in the report. */
  public LoadReport report(ModelPart part) {
    var shapes = part.shapes(config());
    try (var file = opened(part)) {
      return file.report(shapes);
    }
  }

  @Override
  public Optional<Tiny> openTiny() {
    var config = TinyConfig.TAEW2_1;
    // The file has an encoder too, which is not computed here.
    KeyMap keys = key -> key.startsWith("encoder.") ? Optional.empty() : Optional.of(key);
    return files
        .tiny()
        .map(path -> new WeightFile(TensorFile.open(path), keys))
        .map(file -> requireFit(file, "the tiny decoder taew2_1", shapes(config)))
        .map(file -> new Tiny(config, file));
  }

  @Override
  public void requireWhole() {
    files.requireAll();
  }

  private WeightFile opened(ModelPart part) {
    var path = files.of(part);
    return switch (part) {
      case TRANSFORMER -> openTransformer(path);
      case VAE, TEXT_ENCODER -> named(part, unscaled(TensorFile.open(path)));
    };
  }

  private WeightFile openTransformer(Path path) {
    var trained = unscaled(TrainedCheckpoint.open(path, preset().weights().part()));
    var keys = named(ModelPart.TRANSFORMER, trained).keys();
    var merged = trained;
    for (var adapter : preset().adapters()) {
      var factors = opening(merged, () -> TrainedCheckpoint.openAdapter(files.of(adapter)));
      merged = AdaptedFile.merged(merged, keys, factors, adapter.sizes());
    }
    return new WeightFile(merged, keys);
  }

  private VaeConfig vaeSizes() {
    if (files.hasConfiguration(FileRole.VAE)) {
      return PublishedConfigs.diffusersVae(files.folder().path().resolve("vae/config.json"));
    }
    try (var file = opened(ModelPart.VAE)) {
      return HeaderSizes.vae(file);
    }
  }

  private Umt5Config textSizes() {
    if (files.hasConfiguration(FileRole.TEXT_ENCODER)) {
      return PublishedConfigs.umt5(files.folder().path().resolve("text_encoder/config.json"));
    }
    try (var file = opened(ModelPart.TEXT_ENCODER)) {
      return HeaderSizes.umt5(file);
    }
  }

  private static Map<String, List<Long>> shapes(TinyConfig config) {
    try (var outline = Weights.outline()) {
      TinyDecoder.of(config, outline);
      return outline.shapes();
    }
  }

  private static TensorFile unscaled(TensorFile file) {
    return opening(file, () -> ScaledFloat8.unscaled(file));
  }

  private static WeightFile named(ModelPart part, TensorFile file) {
    return new WeightFile(file, opening(file, () -> PartNames.of(part, file)));
  }

  private static WeightFile requireFit(
      WeightFile file, String model, Map<String, List<Long>> shapes) {
    opening(file.tensors(), () -> file.report(shapes).requireFit(model));
    return file;
  }

  /** What is made of an open file, which is closed if that fails. */
  private static <T> T opening(TensorFile file, Supplier<T> made) {
    try {
      return made.get();
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }
}
