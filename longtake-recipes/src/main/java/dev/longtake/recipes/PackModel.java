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
import java.util.function.Function;

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
    run(from::resolve, to, dtype, manifest);
  }

  /** The same, of files that lie in different folders: where each of them is. */
  static void run(Function<String, Path> from, Path to, Dtype dtype, Manifest manifest) {
    try {
      Files.createDirectories(to);
      Files.deleteIfExists(to.resolve(Manifest.FILE_NAME)); // where it is, the copy is whole
      for (var name : List.of(ModelConfig.FILE, VideoModel.TOKENIZER)) {
        Files.copy(from.apply(name), to.resolve(name), StandardCopyOption.REPLACE_EXISTING);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot copy " + from.apply(ModelConfig.FILE) + " and what belongs to it to " + to, e);
    }
    for (var name : WEIGHTS) {
      try (var scope = Scope.open();
          var file = Safetensors.open(from.apply(name))) {
        Map<String, Tensor> smaller = new LinkedHashMap<>();
        for (var tensor : file.names()) {
          smaller.put(tensor, file.read(tensor).to(dtype));
        }
        Safetensors.write(to.resolve(name), smaller, Map.of());
      }
    }
    manifest.write(to);
  }
}
