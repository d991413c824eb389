package dev.longtake.pretrained;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.checkpoint.JsonRecord;
import dev.longtake.checkpoint.LowRank;
import dev.longtake.checkpoint.TrainedPart;
import dev.longtake.memory.MemoryPolicies;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.Recall;
import dev.longtake.text.Umt5Config;
import dev.longtake.vae.VaeConfig;
import dev.longtake.wan.WanConfig;
import java.nio.file.Path;
import java.util.List;

/**
 * How a family of trained weights is meant to be run: a JSON file with these components in snake
 * case, so that new weights need a file and not a release.
 *
 * @param name what it is called
 * @param about what the weights are, in a sentence
 * @param base repository of the model they were trained from
 * @param weights the trained transformer
 * @param adapters what is merged into it, in this order; usually nothing
 * @param video size of the pictures
 * @param chunk latent frames generated together
 * @param sampling steps, noise levels and guidance
 * @param memory what the model looks back at, as {@link MemoryPolicies#parse} reads it, with every
 *     length of its cache
 * @param recall how it was trained to look back
 */
public record Preset(
    String name,
    String about,
    String base,
    Weights weights,
    List<Adapter> adapters,
    ModelConfig.VideoSize video,
    int chunk,
    ModelConfig.Sampling sampling,
    String memory,
    Recall recall) {

  /**
   * A trained transformer.
   *
   * @param repository where it is published
   * @param file its place in that repository
   * @param part which of the file's models
   */
  public record Weights(String repository, String file, TrainedPart part) {
    /** Checks the file's name. */
    public Weights {
      requireInside(file);
    }
  }

  /**
   * A low-rank adapter in the same repository.
   *
   * @param file its place in the repository
   * @param rank that it was trained with
   * @param alpha that it was trained with
   */
  public record Adapter(String file, int rank, double alpha) {
    /** Checks name and sizes. */
    public Adapter {
      requireInside(file);
      new LowRank(rank, alpha);
    }

    /** Its sizes. */
    public LowRank sizes() {
      return new LowRank(rank, alpha);
    }
  }

  /** Checks what can be checked without a model. */
  public Preset {
    adapters = List.copyOf(adapters);
    if (name.isBlank() || chunk < 1) {
      throw new IllegalArgumentException(
          "a preset needs a name and a chunk of at least 1, not '" + name + "' and " + chunk);
    }
  }

  /**
   * Reads a preset.
   *
   * @throws CheckpointException if it is absent or not such a file
   */
  public static Preset read(Path file) {
    return JsonRecord.read(file, Preset.class, "a preset");
  }

  /** Whether a transformer has the sizes of the published model that these weights came from. */
  public boolean fits(WanConfig transformer) {
    return base.endsWith("1.3B") && transformer.equals(WanConfig.T2V_1_3B)
        || base.endsWith("14B") && transformer.equals(WanConfig.T2V_14B);
  }

  /** The same preset with another of the file's models. */
  public Preset withPart(TrainedPart part) {
    var other = new Weights(weights.repository(), weights.file(), part);
    return new Preset(name, about, base, other, adapters, video, chunk, sampling, memory, recall);
  }

  /**
   * The same preset with an adapter that is given beside its files.
   *
   * @throws IllegalArgumentException if it has adapters already
   */
  public Preset withAdapter(LowRank sizes) {
    if (!adapters.isEmpty()) {
      throw new IllegalArgumentException(
          "preset " + name + " has an adapter of its own, which says its strength; leave it out");
    }
    var given = new Adapter("adapter", sizes.rank(), sizes.alpha());
    return new Preset(
        name, about, base, weights, List.of(given), video, chunk, sampling, memory, recall);
  }

  /**
   * A model of these sizes that is run so.
   *
   * @throws IllegalArgumentException if the sizes do not fit one another, the memory policy is not
   *     known, or chunks of this length are not generated
   */
  public ModelConfig config(WanConfig transformer, VaeConfig vae, Umt5Config textEncoder) {
    if (chunk != ModelConfig.CHUNK) {
      throw new IllegalArgumentException(
          "preset "
              + name
              + " generates "
              + chunk
              + " latent frames at a time, Longtake "
              + ModelConfig.CHUNK
              + "; use weights of the chunk-wise kind");
    }
    return new ModelConfig(name, video, transformer, vae, textEncoder, sampling, memory, recall);
  }

  private static void requireInside(String file) {
    var path = Path.of(file);
    if (file.isBlank()
        || path.isAbsolute()
        || !path.normalize().equals(path)
        || path.startsWith("..")) {
      throw new IllegalArgumentException(
          "a preset names files by their place in the repository, not '" + file + "'");
    }
  }
}
