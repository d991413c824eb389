package dev.longtake.inspect;

import dev.longtake.inspect.Recognised.Kind;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The sizes that a network's tensors show. A part of a network, such as a shard, shows some.
 *
 * @param shapes by original name
 */
record Sizes(Map<String, List<Long>> shapes) {

  Map<String, Long> of(Kind kind) {
    Map<String, Long> sizes = new LinkedHashMap<>();
    switch (kind) {
      case TRANSFORMER -> {
        put(sizes, "width", "patch_embedding.weight", 0);
        put(sizes, "feed-forward", "blocks.0.ffn.0.weight", 0);
        putBlocks(sizes);
        put(sizes, "latent channels", "patch_embedding.weight", 1);
        put(sizes, "text width", "text_embedding.0.weight", 1);
      }
      case AUTOENCODER -> {
        put(sizes, "width", "encoder.conv1.weight", 0);
        put(sizes, "latent channels", "conv2.weight", 0);
      }
      case TEXT_ENCODER -> {
        put(sizes, "vocabulary", "token_embedding.weight", 0);
        put(sizes, "width", "token_embedding.weight", 1);
        put(sizes, "feed-forward", "blocks.0.ffn.fc1.weight", 0);
        putBlocks(sizes);
      }
      case TINY_DECODER, LORA -> {}
    }
    return sizes;
  }

  private void put(Map<String, Long> sizes, String word, String tensor, int axis) {
    var shape = shapes.get(tensor);
    if (shape != null && shape.size() > axis) {
      sizes.put(word, shape.get(axis));
    }
  }

  private void putBlocks(Map<String, Long> sizes) {
    long blocks =
        shapes.keySet().stream()
            .filter(name -> name.startsWith("blocks."))
            .map(name -> name.split("\\.", 3)[1])
            .distinct()
            .count();
    if (blocks > 0) {
      sizes.put("blocks", blocks);
    }
  }
}
