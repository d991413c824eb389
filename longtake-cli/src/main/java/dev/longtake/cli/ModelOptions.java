package dev.longtake.cli;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.pretrained.PretrainedFolder;
import dev.longtake.rollout.VideoModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which model makes the video: the options of {@code generate} and {@code bench} that say so. */
final class ModelOptions {
  @Option(
      names = "--model",
      paramLabel = "DIR",
      description =
          "Model folder: Longtake's own, Wan 2.1's, or its Diffusers version. Default:"
              + " longtake-mini, which comes with Longtake")
  private Optional<Path> folder = Optional.empty();

  @Mixin private final WeightOptions weights = new WeightOptions();

  @Mixin private final DecoderOptions decoder = new DecoderOptions();

  /** Refuses what can be told to be wrong from the options alone. */
  void check() {
    weights.check();
    decoder.check();
  }

  /**
   * The model, looked at but not loaded.
   *
   * @throws CheckpointException if a file is absent, damaged or of another model
   * @throws IllegalArgumentException if options do not fit the folder, or say too little
   */
  ModelFolder inspect() {
    var path = folder.orElseGet(ModelFolder::bundled);
    if (VideoModel.isFolder(path) || PretrainedFolder.layout(path).isEmpty()) {
      if (Files.isDirectory(path)) {
        PretrainedFolder.requireHead(path);
        weights.requireNone(path);
        decoder.requireNone(path);
      }
      return ModelFolder.inspect(path);
    }
    var parts = decoder.of(path, weights.parts(path));
    var choices = weights.choices(parts.preset());
    choices.putAll(decoder.choices());
    return ModelFolder.of(path, parts, choices);
  }

  /** Refuses an option that Longtake's own folders leave no choice about. */
  static void refuse(String option, Path own) {
    throw new IllegalArgumentException(
        option
            + " goes with a folder of Wan 2.1 or its Diffusers version, and "
            + own
            + " is none; give another --model, or leave it out");
  }
}
