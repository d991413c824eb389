package dev.longtake.pretrained;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.ModelPart;
import dev.longtake.rollout.ModelParts;
import dev.longtake.tensor.Dtype;
import dev.longtake.text.TextResidence;
import dev.longtake.wan.WanConfig;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * How much memory a model will need, in bytes: known before anything is loaded. What passes compute
 * on the way comes on top, and goes again.
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
   * What a model of these sizes will need, every network with its own decoder. Loading is strict,
   * so that its files hold exactly these weights.
   *
   * @param frames most latent frames attended at once, the chunk included, as {@link
   *     dev.longtake.memory.Memory#capacity} says
   * @param dtype type of weights and arithmetic
   */
  public static MemoryNeeds of(ModelConfig config, int frames, Dtype dtype) {
    var video = config.video();
    return new MemoryNeeds(
        weights(ModelPart.TEXT_ENCODER.shapes(config), dtype),
        weights(ModelPart.TRANSFORMER.shapes(config), dtype),
        weights(ModelPart.VAE.shapes(config), dtype),
        keyValues(config, frames, dtype),
        2 * keysAndValues(config.transformer(), config.transformer().textLen(), dtype),
        config.vae().stateBytes(video.latentRows(), video.latentColumns(), dtype));
  }

  /**
   * What a model will need, its sizes and its decoder told by its files' headers.
   *
   * @throws CheckpointException if a file that tells them is missing, damaged or of another model
   */
  public static MemoryNeeds of(ModelParts parts, int frames, Dtype dtype) {
    var needs = of(parts.config(), frames, dtype);
    var tiny = parts.openTiny();
    if (tiny.isEmpty()) {
      return needs;
    }
    try (var file = tiny.get().weights()) {
      var video = parts.config().video();
      return new MemoryNeeds(
          needs.textEncoder,
          needs.transformer,
          needs.vae + file.bytes(dtype),
          needs.keyValues,
          needs.prompts,
          tiny.get().config().stateBytes(video.latentRows(), video.latentColumns(), dtype));
    }
  }

  /**
   * What attention looks back at: every frame's keys as they are kept, the same turned to their
   * positions, and its values.
   *
   * @param frames most latent frames attended at once, the chunk included
   */
  public static long keyValues(ModelConfig config, int frames, Dtype dtype) {
    var video = config.video();
    long tokens =
        (long) frames
            * (video.latentRows() / WanConfig.PATCH)
            * (video.latentColumns() / WanConfig.PATCH);
    return keysAndValues(config.transformer(), tokens, dtype) / 2 * 3;
  }

  /** All weights. */
  public long weights() {
    return textEncoder + transformer + vae;
  }

  /** All together. */
  public long total() {
    return weights() + keyValues + prompts + decoding;
  }

  /**
   * What the transformer's device needs at the worst moment.
   *
   * @param text where the text encoder is; a passing one is gone before there is anything to
   *     remember
   */
  public long peak(TextResidence text) {
    long running = keyValues + prompts + decoding;
    return transformer
        + vae
        + switch (text) {
          case DEVICE -> textEncoder + running;
          case PASSING -> Math.max(textEncoder, running);
          case PROCESSOR -> running;
        };
  }

  /**
   * Refuses a model that cannot fit.
   *
   * @param text where the text encoder is
   * @param available bytes there are
   * @param where whose memory that is
   * @throws IllegalArgumentException with both numbers, every need and the remedies there are
   */
  public void requireWithin(long available, String where, TextResidence text) {
    if (peak(text) > available) {
      boolean passing = text == TextResidence.DEVICE && peak(TextResidence.PASSING) <= available;
      throw new IllegalArgumentException(
          "the model needs at least "
              + gigabytes(peak(text))
              + " ("
              + this
              + "), "
              + where
              + " has "
              + gigabytes(available)
              + (passing
                  ? "; let the text encoder be passing"
                  : "; use a shorter memory, a smaller picture or a narrower type"));
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

  private static long weights(Map<String, List<Long>> shapes, Dtype dtype) {
    return dtype.bytes()
        * shapes.values().stream()
            .mapToLong(shape -> shape.stream().reduce(1L, Math::multiplyExact))
            .sum();
  }

  private static String gigabytes(long bytes) {
    return String.format(Locale.ROOT, "%.2f GB", bytes / GIGABYTE);
  }
}
