package dev.longtake.pretrained;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.checkpoint.KeyMap;
import dev.longtake.checkpoint.TensorFile;
import java.util.Map;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** What files call the autoencoder's weights: Wan's own names, or those of Diffusers. */
final class VaeNames {
  private static final Stems ENDS =
      new Stems(
          Map.of(
              "quant_conv", "conv1",
              "post_quant_conv", "conv2",
              "encoder.conv_in", "encoder.conv1",
              "decoder.conv_in", "decoder.conv1",
              "encoder.norm_out", "encoder.head.0",
              "decoder.norm_out", "decoder.head.0",
              "encoder.conv_out", "encoder.head.2",
              "decoder.conv_out", "decoder.head.2"));

  private static final Stems RESIDUAL =
      new Stems(
          Map.of(
              "norm1", "residual.0",
              "conv1", "residual.2",
              "norm2", "residual.3",
              "conv2", "residual.6",
              "conv_shortcut", "shortcut"));

  private static final Pattern MIDDLE =
      Pattern.compile("(encoder|decoder)\\.mid_block\\.(resnets|attentions)\\.([01])\\.(.+)");
  private static final Pattern DOWN = Pattern.compile("encoder\\.down_blocks\\.(\\d{1,4})\\.(.+)");
  private static final Pattern UP =
      Pattern.compile(
          "decoder\\.up_blocks\\.(\\d{1,4})\\.(resnets|upsamplers)\\.(\\d{1,4})\\.(.+)");

  private VaeNames() {}

  /**
   * The map that fits a file.
   *
   * @param resBlocks residual blocks per level of the encoder, by which Diffusers groups the
   *     decoder's
   * @throws CheckpointException if it holds no autoencoder of Wan's
   */
  static KeyMap of(TensorFile file, int resBlocks) {
    if (file.names().contains("post_quant_conv.weight")) {
      return key -> Optional.of(fromDiffusers(key, resBlocks + 1));
    }
    if (file.names().contains("decoder.middle.0.residual.2.weight")) {
      return KeyMap.identity();
    }
    throw Strangers.refuse(file, "the video autoencoder of Wan 2.1");
  }

  private static String fromDiffusers(String key, int perLevel) {
    var middle = MIDDLE.matcher(key);
    if (middle.matches()) {
      return middleName(middle.toMatchResult());
    }
    var down = DOWN.matcher(key);
    if (down.matches()) {
      return "encoder.downsamples." + down.group(1) + "." + RESIDUAL.apply(down.group(2));
    }
    var up = UP.matcher(key);
    if (up.matches()) {
      // A level is its residual blocks, then what doubles the picture.
      int before = Integer.parseInt(up.group(1)) * (perLevel + 1);
      int inside = Integer.parseInt(up.group(3));
      return up.group(2).equals("resnets")
          ? "decoder.upsamples." + (before + inside) + "." + RESIDUAL.apply(up.group(4))
          : "decoder.upsamples." + (before + perLevel + inside) + "." + up.group(4);
    }
    return ENDS.apply(key);
  }

  /** Residual block, attention, residual block. */
  private static String middleName(MatchResult middle) {
    boolean attention = middle.group(2).equals("attentions");
    int index = Integer.parseInt(middle.group(3));
    return middle.group(1)
        + ".middle."
        + (attention ? 1 + index : 2 * index)
        + "."
        + (attention ? middle.group(4) : RESIDUAL.apply(middle.group(4)));
  }
}
