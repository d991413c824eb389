package dev.longtake.inspect;

import dev.longtake.inspect.Recognised.Kind;
import dev.longtake.text.Umt5Config;
import dev.longtake.vae.VaeConfig;
import dev.longtake.wan.WanConfig;
import java.util.Map;
import java.util.Optional;

/** Published sizes by what their shapes show. */
final class Variants {
  private static final Map<WanConfig, String> TRANSFORMERS =
      Map.of(WanConfig.T2V_1_3B, "1.3B", WanConfig.T2V_14B, "14B");

  private Variants() {}

  /** The name of the published network with those sizes, or nothing. */
  static String of(Kind kind, Map<String, Long> sizes) {
    return switch (kind) {
      case TRANSFORMER ->
          TRANSFORMERS.entrySet().stream()
              .filter(entry -> fits(entry.getKey(), sizes))
              .map(entry -> entry.getValue() + task(entry.getKey(), sizes))
              .findFirst()
              .orElse("");
      case AUTOENCODER ->
          is(sizes, "width", VaeConfig.WAN_2_1.dim())
                  && is(sizes, "latent channels", VaeConfig.WAN_2_1.zDim())
              ? "2.1"
              : "";
      case TEXT_ENCODER ->
          is(sizes, "vocabulary", Umt5Config.XXL.vocab())
                  && is(sizes, "width", Umt5Config.XXL.dim())
                  && is(sizes, "blocks", Umt5Config.XXL.layers())
              ? "XXL"
              : "";
      case TINY_DECODER, LORA -> "";
    };
  }

  /** The published text-to-video transformer of that name. */
  static Optional<WanConfig> transformer(String variant) {
    return TRANSFORMERS.entrySet().stream()
        .filter(entry -> entry.getValue().equals(variant))
        .map(Map.Entry::getKey)
        .findFirst();
  }

  private static boolean fits(WanConfig config, Map<String, Long> sizes) {
    return is(sizes, "width", config.dim())
        && is(sizes, "feed-forward", config.ffnDim())
        && is(sizes, "blocks", config.numLayers());
  }

  /** Image-to-video models see the given picture's latents and a mask beside the noise. */
  private static String task(WanConfig config, Map<String, Long> sizes) {
    return is(sizes, "latent channels", config.inDim()) ? "" : ", image to video";
  }

  private static boolean is(Map<String, Long> sizes, String word, int size) {
    return sizes.getOrDefault(word, -1L) == size;
  }
}
