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
    requirePresent(part.file());
    return folder.resolve(part.file());
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
      requirePresent(part.file());
    }
  }

  private void requirePresent(String name) {
    if (!Files.isRegularFile(folder.resolve(name))) {
      throw new CheckpointException(
          folder.toString(), "lacks " + name + "; copy the whole model folder again");
    }
  }
}
