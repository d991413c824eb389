package dev.longtake.eval;

import dev.longtake.vae.TinyConfig;
import dev.longtake.vae.VaeConfig;
import dev.longtake.wan.WanConfig;
import java.util.List;

/**
 * Networks that are timed with random weights.
 *
 * @param name as {@link #parse} reads it
 * @param wan sizes of the transformer
 * @param vae sizes of the video autoencoder
 * @param tiny sizes of the tiny decoder
 * @param rows of a latent
 * @param columns of a latent
 */
public record NetworkSize(
    String name, WanConfig wan, VaeConfig vae, TinyConfig tiny, int rows, int columns) {
  /** Wan 2.1 T2V 1.3B at 832 x 480. */
  public static final NetworkSize WAN_1_3B =
      new NetworkSize(
          "wan-1.3b", WanConfig.T2V_1_3B, VaeConfig.WAN_2_1, TinyConfig.TAEW2_1, 60, 104);

  /** Wan 2.1 T2V 14B at 832 x 480. */
  public static final NetworkSize WAN_14B =
      new NetworkSize("wan-14b", WanConfig.T2V_14B, VaeConfig.WAN_2_1, TinyConfig.TAEW2_1, 60, 104);

  /** A few thousand weights, to see that everything runs. */
  public static final NetworkSize TINY =
      new NetworkSize(
          "tiny",
          new WanConfig(64, 128, 16, 16, 8, 4, 2, 2),
          VaeConfig.small(8, 4),
          new TinyConfig(4, List.of(8, 8, 8, 8)),
          4,
          4);

  /**
   * Reads {@code wan-1.3b}, {@code wan-14b} or {@code tiny}.
   *
   * @throws IllegalArgumentException if the name is none of these
   */
  public static NetworkSize parse(String name) {
    return switch (name) {
      case "wan-1.3b" -> WAN_1_3B;
      case "wan-14b" -> WAN_14B;
      case "tiny" -> TINY;
      default ->
          throw new IllegalArgumentException(
              "no network '" + name + "' is timed; give wan-1.3b, wan-14b or tiny");
    };
  }

  /** Tokens of one latent frame. */
  public int patches() {
    return rows / WanConfig.PATCH * (columns / WanConfig.PATCH);
  }
}
