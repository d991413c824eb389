package dev.longtake.recipes;

import dev.longtake.checkpoint.Safetensors;
import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Scope;
import dev.longtake.train.TrainingException;
import dev.longtake.vae.VaeConfig;
import dev.longtake.vae.WanVae;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;

/**
 * Where a run's autoencoder comes from. The file of one that was taken says of which it is a copy,
 * so that a folder is not continued with another.
 *
 * @param from folder of a finished model; empty if the run trains an autoencoder itself
 */
record VaeOrigin(String from) {
  private static final String COPY_OF = "copy_of_sha256"; // in the file's metadata

  /** Whether it is a finished model's. */
  boolean taken() {
    return !from.isEmpty();
  }

  private String hash() {
    return taken() ? FileHash.of(Path.of(from).resolve(VideoModel.VAE)) : "";
  }

  /** Sizes and statistics of the finished model's. */
  VaeConfig latents() {
    return FolderKey.model("vae_from", from).vae();
  }

  /**
   * Copies the finished model's autoencoder, FLOAT32, into an output folder.
   *
   * @param asked the sizes that it must have
   * @return with the statistics of its latents
   * @throws IllegalArgumentException if it has other sizes
   */
  VaeConfig take(VaeConfig asked, Path output) {
    var config = latents();
    var folder = Path.of(from);
    if (!unmeasured(config).equals(unmeasured(asked))) {
      throw new IllegalArgumentException(
          "vae_from: the autoencoder of "
              + folder
              + " has other sizes than model.vae; make them the same");
    }
    try (var scope = Scope.open();
        var weights =
            TrainedWeights.given(
                folder.resolve(VideoModel.VAE),
                Device.CPU,
                all -> WanVae.of(config, all).close())) {
      Safetensors.write(output.resolve(VideoModel.VAE), weights.taken(), Map.of(COPY_OF, hash()));
    }
    return config;
  }

  /**
   * Checks that an output folder's autoencoder comes from here.
   *
   * @throws TrainingException if not
   */
  void requireOf(Path output) {
    var path = output.resolve(VideoModel.VAE);
    try (var file = Safetensors.open(path)) {
      var copyOf = file.metadata().getOrDefault(COPY_OF, "");
      if (!copyOf.equals(hash())) {
        throw new TrainingException(
            path
                + (copyOf.isEmpty() ? " was trained there" : " was taken from another model")
                + ", and vae_from is '"
                + from
                + "'; give another output folder");
      }
    }
  }

  /** What was trained on, and what was not trained. */
  String told(String data) {
    return taken()
        ? data + "; autoencoder of " + from + ", sha256 " + hash() + ", but for its decoder"
        : data;
  }

  /** With statistics that leave latents as they are. */
  static VaeConfig unmeasured(VaeConfig config) {
    return config.withStatistics(
        Collections.nCopies(config.zDim(), 0.0), Collections.nCopies(config.zDim(), 1.0));
  }
}
