package dev.longtake.rollout;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.checkpoint.WeightFile;
import dev.longtake.vae.TinyConfig;
import java.nio.file.Path;
import java.util.Optional;

/** What a model is made of, wherever its files lie and however they are laid out. */
public interface ModelParts {

  /**
   * A decoder to show pictures with in place of the autoencoder's own.
   *
   * @param config its sizes
   * @param weights its weights, to be closed once read
   */
  record Tiny(TinyConfig config, WeightFile weights) {}

  /**
   * The parts in a folder of this project's own layout; see {@link VideoModel}.
   *
   * @throws CheckpointException if it has no configuration, or one that is none
   */
  static ModelParts in(Path folder) {
    return FolderParts.of(folder);
  }

  /** Everything but the weights. */
  ModelConfig config();

  /** The tokenizer's {@code tokenizer.json}. */
  Path tokenizer();

  /**
   * The file that a part's weights are in, or the index of several; an adapter's is another.
   *
   * @throws CheckpointException if it is missing
   */
  Path file(ModelPart part);

  /**
   * Opens the weights of a part; whoever asks closes them.
   *
   * @throws CheckpointException if they are missing, damaged or of another model
   */
  WeightFile open(ModelPart part);

  /** Opens the tiny decoder, if pictures are to be made by one. */
  default Optional<Tiny> openTiny() {
    return Optional.empty();
  }

  /**
   * Refuses what misses a file, before anything is loaded.
   *
   * @throws CheckpointException naming the file and the remedy
   */
  void requireWhole();
}
