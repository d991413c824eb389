package dev.longtake.cli;

import dev.longtake.checkpoint.TrainedPart;
import dev.longtake.pretrained.FileRole;
import dev.longtake.pretrained.Preset;
import dev.longtake.pretrained.Presets;
import dev.longtake.pretrained.PretrainedFolder;
import dev.longtake.pretrained.PretrainedParts;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which weights are put on top of a published model, and how they are run. */
final class WeightOptions {
  @Option(
      names = "--checkpoint",
      paramLabel = "FILE",
      description =
          "With Wan's folders: the transformer that was trained from it; a file, or the folder that"
              + " its repository was downloaded to")
  private Optional<Path> checkpoint = Optional.empty();

  @Option(
      names = "--preset",
      paramLabel = "NAME",
      description =
          "How that is run: self-forcing, causal-forcing, causal-forcing-long, longlive, longlive-base,"
              + " self-gradient-forcing, context-forcing, rolling-forcing, infinity-rope, or a .json"
              + " file. Default:"
              + " the preset whose name the checkpoint bears")
  private Optional<String> preset = Optional.empty();

  @Option(
      names = "--ema",
      negatable = true,
      description =
          "Takes the average of the weights over training; --no-ema those of the last step."
              + " Default: as the preset says")
  private @Nullable Boolean average;

  @Option(
      names = "--lora",
      paramLabel = "FILE",
      description = "An adapter to merge into the transformer.")
  private Optional<Path> adapter = Optional.empty();

  @Option(
      names = "--lora-strength",
      paramLabel = "S",
      description =
          "The adapter's alpha divided by its rank, often 1. Needed unless the preset says it")
  private Optional<Double> strength = Optional.empty();

  /** Refuses what can be told to be wrong from the options alone. */
  void check() {
    preset.ifPresent(Presets::find);
    if (strength.isPresent() && adapter.isEmpty()) {
      throw new IllegalArgumentException(
          "--lora-strength is given and --lora is not; give both, or neither");
    }
    if (strength.isPresent() && !(strength.get() > 0)) {
      throw new IllegalArgumentException(
          "--lora-strength is " + strength.get() + "; give a number above 0");
    }
  }

  /** Whether any are. */
  boolean areGiven() {
    return checkpoint.isPresent() || preset.isPresent() || adapter.isPresent() || average != null;
  }

  /** Refuses all of this for a folder of our own. */
  void requireNone(Path own) {
    checkpoint.ifPresent(given -> ModelOptions.refuse("--checkpoint", own));
    preset.ifPresent(given -> ModelOptions.refuse("--preset", own));
    adapter.ifPresent(given -> ModelOptions.refuse("--lora", own));
    if (average != null) {
      ModelOptions.refuse(average ? "--ema" : "--no-ema", own);
    }
  }

  /**
   * A published folder's parts with the weights that were asked for.
   *
   * @throws IllegalArgumentException if it is not said which these are, or how to run them
   */
  PretrainedParts parts(Path folder) {
    var parts = PretrainedParts.of(PretrainedFolder.open(folder), preset(folder));
    if (checkpoint.isPresent()) {
      parts = parts.with(FileRole.CHECKPOINT, checkpoint.get());
    }
    if (average != null) {
      parts = parts.with(average ? TrainedPart.GENERATOR_EMA : TrainedPart.GENERATOR);
    }
    return adapter.isPresent() ? adapted(parts, adapter.get()) : parts;
  }

  private PretrainedParts adapted(PretrainedParts parts, Path file) {
    if (!parts.preset().adapters().isEmpty() && strength.isEmpty()) {
      return parts.with(FileRole.ADAPTER, file);
    }
    return parts.withAdapter(
        file,
        strength.orElseThrow(
            () ->
                new IllegalArgumentException(
                    "preset "
                        + parts.preset().name()
                        + " does not say how strong the adapter is; give --lora-strength, its alpha"
                        + " divided by its rank")));
  }

  private Preset preset(Path folder) {
    if (preset.isPresent()) {
      return Presets.find(preset.get());
    }
    var trained =
        checkpoint.orElseThrow(
            () ->
                new IllegalArgumentException(
                    folder
                        + " holds a model that makes a whole video at once; give --checkpoint, one"
                        + " that was trained from it to make chunk after chunk"));
    return Presets.recognise(trained)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    trained
                        + " does not bear the name of one preset; give --preset "
                        + String.join(" | ", Presets.names())));
  }

  /** What was chosen, by name. */
  Map<String, String> choices(Preset used) {
    Map<String, String> choices = new LinkedHashMap<>();
    choices.put("preset", used.name());
    choices.put("weights", used.weights().part().spelling());
    checkpoint.ifPresent(file -> choices.put("checkpoint", file.toString()));
    adapter.ifPresent(file -> choices.put("lora", file.toString()));
    return choices;
  }
}
