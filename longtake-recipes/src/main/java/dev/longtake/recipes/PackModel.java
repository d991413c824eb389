package dev.longtake.recipes;

import dev.longtake.checkpoint.Manifest;
import dev.longtake.checkpoint.Safetensors;
import dev.longtake.checkpoint.TensorFile;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.ModelPart;
import dev.longtake.rollout.ModelParts;
import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.train.TrainingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Makes model folders. Each is made beside its final name and renamed: a packing that is killed
 * leaves the old model or the new one. Killed between two renames it leaves the old one under the
 * name {@code .NAME.longtake-replaced}, and the next packing goes on from there.
 */
public final class PackModel {
  private static final String PACKED = "pack";

  private PackModel() {}

  /**
   * Copies a model with weights of a smaller type.
   *
   * @param from a folder with a model's files
   * @param to where the copy goes; what was there goes
   * @param dtype type of the copied weights
   * @param manifest what is known of how they came about
   * @throws TrainingException if it cannot be written
   */
  public static void run(Path from, Path to, Dtype dtype, Manifest manifest) {
    recover(to);
    try (var made = scratch(to)) {
      copy(from, made.path(), List.of(ModelConfig.FILE, VideoModel.TOKENIZER));
      for (var part : ModelPart.values()) {
        repack(from.resolve(part.file()), made.path().resolve(part.file()), dtype);
      }
      manifest.write(made.path());
      replace(to, made.path());
    }
  }

  /**
   * Makes a model of another whose transformer was trained further: everything else is copied as it
   * is.
   *
   * @param from a folder with a model's files
   * @param transformer the trained one's file
   * @param config of the new model
   * @param to where the new model goes; what was there goes
   * @param dtype type of the transformer's weights
   * @param manifest what is known of how it came about
   * @throws TrainingException if it cannot be written
   */
  public static void withTransformer(
      Path from, Path transformer, ModelConfig config, Path to, Dtype dtype, Manifest manifest) {
    recover(to);
    try (var made = scratch(to)) {
      copy(
          from,
          made.path(),
          List.of(VideoModel.TOKENIZER, VideoModel.VAE, VideoModel.TEXT_ENCODER));
      config.write(made.path());
      repack(transformer, made.path().resolve(VideoModel.TRANSFORMER), dtype);
      manifest.write(made.path());
      replace(to, made.path());
    }
  }

  /**
   * Makes a model folder of a model whose parts lie elsewhere, such as a published one's, tensor by
   * tensor, in the types they have. Its manifest says which these were, under the stage {@value
   * #PACKED}.
   *
   * @param parts the model
   * @param sources where they lie and what was chosen among them, by name
   * @param to where the folder goes, which is not there yet
   * @param written sees the weights of each part as they are written
   * @throws dev.longtake.checkpoint.CheckpointException if a part is missing, damaged or of another
   *     model
   * @throws TrainingException if it cannot be written
   */
  public static void ofParts(
      ModelParts parts, Map<String, String> sources, Path to, UnaryOperator<TensorFile> written) {
    try (var made = scratch(to)) {
      copy(parts.tokenizer(), made.path().resolve(VideoModel.TOKENIZER));
      parts.config().write(made.path());
      for (var part : ModelPart.values()) {
        try (var file = parts.open(part)) {
          var own = file.tensors().renamed(file.keys());
          Safetensors.write(made.path().resolve(part.file()), written.apply(own), Map.of());
        }
      }
      FinishedModel.manifest(PACKED, sources, 0, 0, "", Map.of()).write(made.path());
      rename(made.path(), to);
    }
  }

  /**
   * Refuses to put a model in the place of one that another run left, or of anything else.
   *
   * @param to where the model is to go
   * @param stage of the run, as its file calls it
   * @param name of the model
   * @throws TrainingException naming both, if what is there is not an earlier state of it
   */
  static void requireOwn(Path to, String stage, String name) {
    var there = Files.exists(to) ? to : old(to);
    if (!Files.exists(there)) {
      return;
    }
    if (!Files.exists(there.resolve(Manifest.FILE_NAME))) {
      throw new TrainingException(
          there
              + " is there, and no run left it: it has no "
              + Manifest.FILE_NAME
              + "; give another output folder");
    }
    var theirs = Manifest.read(there).config().getOrDefault("stage", TrainingRun.STAGE);
    var called = ModelConfig.read(there).name();
    if (!stage.equals(theirs) || !name.equals(called)) {
      throw new TrainingException(
          String.format(
              Locale.ROOT,
              "%s holds '%s' of stage %s, which '%s' of stage %s would replace; give another output"
                  + " folder",
              there,
              called,
              theirs,
              name,
              stage));
    }
  }

  private static ScratchFolder scratch(Path to) {
    return ScratchFolder.in(to.toAbsolutePath().resolveSibling(""), to.getFileName() + ".part-");
  }

  private static void copy(Path from, Path to, List<String> names) {
    names.forEach(name -> copy(from.resolve(name), to.resolve(name)));
  }

  private static void copy(Path from, Path to) {
    try {
      LinkedCopy.of(from, to);
    } catch (IOException e) {
      throw new TrainingException(
          "cannot copy " + from + " to " + to + " (" + e + "); check free space and permissions");
    }
  }

  private static void repack(Path from, Path to, Dtype dtype) {
    try (var scope = Scope.open();
        var file = Safetensors.open(from)) {
      Map<String, Tensor> smaller = new LinkedHashMap<>();
      for (var tensor : file.names()) {
        smaller.put(tensor, file.read(tensor).to(dtype));
      }
      Safetensors.write(to, smaller, Map.of());
    }
  }

  private static Path old(Path to) {
    return to.resolveSibling("." + to.getFileName() + ".longtake-replaced");
  }

  /** Puts a folder in another's place. */
  private static void replace(Path to, Path made) {
    if (Files.exists(to)) {
      rename(to, old(to));
    }
    rename(made, to);
    if (Files.exists(old(to))) {
      ScratchFolder.delete(old(to));
    }
  }

  /** Ends what {@link #replace} had begun when it was killed. */
  private static void recover(Path to) {
    if (!Files.exists(old(to))) {
      return;
    }
    if (Files.exists(to)) {
      ScratchFolder.delete(old(to));
    } else {
      rename(old(to), to);
    }
  }

  private static void rename(Path from, Path to) {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new TrainingException(
          "cannot rename " + from + " to " + to + " (" + e + "); check permissions");
    }
  }
}
