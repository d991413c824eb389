package dev.longtake.pretrained;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.checkpoint.WeightFile;
import dev.longtake.text.Umt5Config;
import dev.longtake.vae.VaeConfig;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * Sizes out of a file's header, for the two networks that the original layout gives no
 * configuration: their shapes say all but what Wan 2.1 fixes.
 */
final class HeaderSizes {
  private final WeightFile file;
  private final Map<String, String> keys = new TreeMap<>(); // by name

  private HeaderSizes(WeightFile file) {
    this.file = file;
    file.tensors()
        .names()
        .forEach(key -> file.keys().name(key).ifPresent(name -> keys.put(name, key)));
  }

  /** An autoencoder of Wan 2.1's shape and statistics, of any width. */
  static VaeConfig vae(WeightFile file) {
    var sizes = new HeaderSizes(file);
    var published = VaeConfig.WAN_2_1;
    return sizes.checked(
        () ->
            new VaeConfig(
                sizes.size("encoder.conv1.weight", 0),
                sizes.size("conv2.weight", 0),
                published.multipliers(),
                published.resBlocks(),
                published.temporalDown(),
                published.latentMean(),
                published.latentStd()));
  }

  /** A UMT5 encoder that tells distances apart as far as the published one. */
  static Umt5Config umt5(WeightFile file) {
    var sizes = new HeaderSizes(file);
    int layers = 0;
    while (sizes.keys.containsKey("blocks." + layers + ".norm1.weight")) {
      layers++;
    }
    int blocks = layers;
    return sizes.checked(
        () ->
            new Umt5Config(
                sizes.size("token_embedding.weight", 0),
                sizes.size("token_embedding.weight", 1),
                sizes.size("blocks.0.attn.q.weight", 0),
                sizes.size("blocks.0.ffn.fc1.weight", 0),
                sizes.size("blocks.0.pos_embedding.embedding.weight", 1),
                blocks,
                sizes.size("blocks.0.pos_embedding.embedding.weight", 0),
                Umt5Config.XXL.maxDistance()));
  }

  private int size(String name, int axis) {
    var key = keys.get(name);
    if (key == null || file.tensors().shape(key).length <= axis) {
      throw new CheckpointException(
          file.tensors().description(),
          "has no tensor "
              + CheckpointException.quoted(name)
              + " to tell the network's size by; download it again");
    }
    return Math.toIntExact(file.tensors().shape(key)[axis]);
  }

  private <T> T checked(Supplier<T> made) {
    try {
      return made.get();
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new CheckpointException(
          file.tensors().description(),
          "has sizes that no network has (" + e.getMessage() + "); choose another file",
          e);
    }
  }
}
