package dev.longtake.pretrained;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.ModelPart;
import dev.longtake.rollout.ModelParts;
import dev.longtake.tensor.Dtype;
import dev.longtake.wan.WanConfig;
import java.util.Locale;

/**
 * How much memory a model will need, in bytes, from headers alone: known before anything is loaded.
 * What passes compute on the way comes on top, and goes again.
 *
 * @param textEncoder its weights
 * @param transformer its weights
 * @param vae its weights, and a tiny decoder's if there is one
 * @param keyValues what attention looks back at
 * @param prompts keys and values of the prompt and of the empty one
 * @param decoding what the decoder remembers of the last frames
 */
public record MemoryNeeds(
    long textEncoder, long transformer, long vae, long keyValues, long prompts, long decoding) {
  private static final double GIGABYTE = 1e9;

  /**
   * What a model will need.
   *
   * @param frames most latent frames attended at once, the chunk included, as {@link
   *     dev.longtake.memory.MemoryPolicy#capacity} says
   * @param dtype type of weights and arithmetic
   * @throws CheckpointException if a file is missing, damaged or of another model
   */
  public static MemoryNeeds of(ModelParts parts, int frames, Dtype dtype) {
    var config = parts.config();
    int rows = config.video().latentRows();
    int columns = config.video().latentColumns();
    long vae = weights(parts, ModelPart.VAE, dtype);
    long decoding = config.vae().stateBytes(rows, columns, dtype);
    var tiny = parts.openTiny();
    if (tiny.isPresent()) {
      try (var file = tiny.get().weights()) {
        vae += file.bytes(dtype);
        decoding = tiny.get().config().stateBytes(rows, columns, dtype);
      }
    }
    return new MemoryNeeds(
        weights(parts, ModelPart.TEXT_ENCODER, dtype),
        weights(parts, ModelPart.TRANSFORMER, dtype),
        vae,
        keyValues(config, frames, dtype),
        2 * keysAndValues(config.transformer(), config.transformer().textLen(), dtype),
        decoding);
  }

  /**
   * What attention looks back at: every frame's keys and values as they are kept and, with the keys
   * turned to their positions, as they are attended to.
   *
   * @param frames most latent frames attended at once, the chunk included
   */
  public static long keyValues(ModelConfig config, int frames, Dtype dtype) {
    var video = config.video();
    long tokens =
        (long) frames
            * (video.latentRows() / WanConfig.PATCH)
            * (video.latentColumns() / WanConfig.PATCH);
    return 2 * keysAndValues(config.transformer(), tokens, dtype);
  }

  /** All together. */
  public long total() {
    return textEncoder + transformer + vae + keyValues + prompts + decoding;
  }

  /**
   * Refuses a model that cannot fit.
   *
   * @param available bytes there are
   * @param where whose memory that is
   * @throws IllegalArgumentException with both numbers and the largest need
   */
  public void requireWithin(long available, String where) {
    if (total() > available) {
      throw new IllegalArgumentException(
          "the model needs at least "
              + gigabytes(total())
              + " ("
              + this
              + "), "
              + where
              + " has "
              + gigabytes(available)
              + "; use a shorter memory, a smaller picture or a narrower type");
    }
  }

  /** In words, part by part. */
  @Override
  public String toString() {
    return "text encoder "
        + gigabytes(textEncoder)
        + ", transformer "
        + gigabytes(transformer)
        + ", autoencoder "
        + gigabytes(vae)
        + ", memory "
        + gigabytes(keyValues + prompts)
        + ", decoding "
        + gigabytes(decoding);
  }

  private static long keysAndValues(WanConfig config, long tokens, Dtype dtype) {
    return 2L * config.numLayers() * tokens * config.dim() * dtype.bytes();
  }

  private static long weights(ModelParts parts, ModelPart part, Dtype dtype) {
    try (var file = parts.open(part)) {
      return file.bytes(dtype);
    }
  }

  private static String gigabytes(long bytes) {
    return String.format(Locale.ROOT, "%.2f GB", bytes / GIGABYTE);
  }
}
