package dev.longtake.rollout;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.checkpoint.KeyMap;
import dev.longtake.checkpoint.Safetensors;
import dev.longtake.checkpoint.WeightFile;
import java.nio.file.Files;
import java.nio.file.Path;

/** A folder of this project's own layout; see {@link VideoModel}. */
record FolderParts(Path folder, ModelConfig config) implements ModelParts {

  static FolderParts of(Path folder) {
    return new FolderParts(folder, ModelConfig.read(folder));
  }

  @Override
  public Path tokenizer() {
    return folder.resolve(VideoModel.TOKENIZER);
  }

  @Override
  public Path file(ModelPart part) {
    requirePresent(name(part));
    return folder.resolve(name(part));
  }

  @Override
  public WeightFile open(ModelPart part) {
    var file = Safetensors.open(file(part));
    return new WeightFile(file, KeyMap.identity());
  }

  @Override
  public void requireWhole() {
    requirePresent(VideoModel.TOKENIZER);
    for (var part : ModelPart.values()) {
      requirePresent(name(part));
    }
  }

  private static String name(ModelPart part) {
    return switch (part) {
      case TEXT_ENCODER -> VideoModel.TEXT_ENCODER;
      case TRANSFORMER -> VideoModel.TRANSFORMER;
      case VAE -> VideoModel.VAE;
    };
  }

  private void requirePresent(String name) {
    if (!Files.isRegularFile(folder.resolve(name))) {
      throw new CheckpointException(
          folder.toString(), "lacks " + name + "; copy the whole model folder again");
    }
  }
}
