package dev.longtake.recipes;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.rollout.ModelConfig;
import java.nio.file.Files;
import java.nio.file.Path;

/** A key of run files that names a folder which has to be there. */
final class FolderKey {
  private FolderKey() {}

  /**
   * What a model's folder says of the model.
   *
   * @param key for messages
   * @throws CheckpointException naming the key if there is no such folder; naming the file if it is
   *     no model's, nor one that {@code longtake pack} made
   */
  static ModelConfig model(String key, String folder) {
    return ModelConfig.read(
        existing(key, folder, "give a model's, such as the folder model that another run left"));
  }

  /**
   * The folder.
   *
   * @param key for messages
   * @param remedy where such a folder comes from
   * @throws CheckpointException naming the key if there is none
   */
  static Path existing(String key, String folder, String remedy) {
    if (folder.isBlank() || !Files.isDirectory(Path.of(folder))) {
      throw new CheckpointException(key, "there is no folder '" + folder + "'; " + remedy);
    }
    return Path.of(folder);
  }
}
