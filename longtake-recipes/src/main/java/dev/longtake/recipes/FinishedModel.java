package dev.longtake.recipes;

import dev.longtake.checkpoint.Manifest;
import dev.longtake.checkpoint.Safetensors;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a stage leaves that trains a transformer and nothing else: the FLOAT32 weights in the output
 * folder, and in a folder inside it a whole model in half precision.
 *
 * @param from the model whose autoencoder, text encoder and tokenizer it keeps
 * @param config of the finished model
 * @param place whose output folder it is
 */
record FinishedModel(Path from, ModelConfig config, Workplace place) {

  /** Whether the model of that step was left whole, as the run file now describes it. */
  boolean isThere(long step) {
    return Files.exists(folder().resolve(Manifest.FILE_NAME)) // written last
        && Manifest.read(folder()).step() == step
        && ModelConfig.read(folder()).equals(config);
  }

  /**
   * Refuses a folder with another run's model.
   *
   * @param stage as a run file calls it
   * @throws dev.longtake.train.TrainingException if it has one
   */
  void requireOwn(String stage) {
    PackModel.requireOwn(folder(), stage, config.name());
  }

  /** Leaves the transformer's weights. */
  void write(Map<String, Tensor> transformer) {
    Safetensors.write(file(), transformer, Map.of());
  }

  /** Leaves the model; its transformer was written before. */
  void pack(Manifest manifest) {
    PackModel.withTransformer(from, file(), config, folder(), Dtype.BFLOAT16, manifest);
  }

  /** Says where the model is. */
  void tell() {
    place.watcher().ended("the model is in " + folder());
  }

  private Path file() {
    return place.output().resolve(VideoModel.TRANSFORMER);
  }

  private Path folder() {
    return place.output().resolve(TrainModel.MODEL_FOLDER);
  }

  /**
   * What is known of how a model came about.
   *
   * @param stage as a run file calls it
   * @param run the record of its keys
   * @param step how many steps were taken
   * @param data what was trained on
   * @param losses what was last logged
   */
  static Manifest manifest(
      String stage, Object run, long seed, long step, String data, Map<String, Double> losses) {
    var tree = new TreeMap<>(Manifest.tree(run));
    tree.put("stage", stage);
    return new Manifest(
        tree, seed, step, Revision.here(), data, losses, Manifest.versionsHere(), Instant.now());
  }
}
