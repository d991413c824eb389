package dev.longtake.recipes;

import dev.longtake.checkpoint.Manifest;
import dev.longtake.checkpoint.Safetensors;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Makes a model folder of another, its weights in a smaller type, with a manifest. */
public final class PackModel {
  private static final List<String> WEIGHTS =
      List.of(VideoModel.TRANSFORMER, VideoModel.VAE, VideoModel.TEXT_ENCODER);

  private PackModel() {}

  /**
   * Copies a model. The manifest comes last: where there is one, the rest is there.
   *
   * @param from a folder with a model's files
   * @param to where the copy goes; made if absent
   * @param dtype type of the copied weights
   * @param manifest what is known of how they came about
   */
  public static void run(Path from, Path to, Dtype dtype, Manifest manifest) {
    try {
      Files.createDirectories(to);
      Files.deleteIfExists(to.resolve(Manifest.FILE_NAME)); // where it is, the copy is whole
      for (var name : List.of(ModelConfig.FILE, VideoModel.TOKENIZER)) {
        Files.copy(from.resolve(name), to.resolve(name), StandardCopyOption.REPLACE_EXISTING);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot copy a model from " + from + " to " + to, e);
    }
    for (var name : WEIGHTS) {
      repack(from.resolve(name), to.resolve(name), dtype);
    }
    manifest.write(to);
  }

  /**
   * Makes a model of another whose transformer was trained further: everything else is copied as it
   * is. The manifest comes last: where there is one, the rest is there.
   *
   * @param from a folder with a model's files
   * @param transformer the trained one's file
   * @param config of the new model
   * @param to where the new model goes; made if absent
   * @param dtype type of the transformer's weights
   * @param manifest what is known of how it came about
   */
  public static void withTransformer(
      Path from, Path transformer, ModelConfig config, Path to, Dtype dtype, Manifest manifest) {
    try {
      Files.createDirectories(to);
      Files.deleteIfExists(to.resolve(Manifest.FILE_NAME));
      for (var name : List.of(VideoModel.TOKENIZER, VideoModel.VAE, VideoModel.TEXT_ENCODER)) {
        Files.copy(from.resolve(name), to.resolve(name), StandardCopyOption.REPLACE_EXISTING);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot copy a model from " + from + " to " + to, e);
    }
    config.write(to);
    repack(transformer, to.resolve(VideoModel.TRANSFORMER), dtype);
    manifest.write(to);
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
}
