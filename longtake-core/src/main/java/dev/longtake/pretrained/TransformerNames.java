package dev.longtake.pretrained;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.checkpoint.KeyMap;
import dev.longtake.checkpoint.TensorFile;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What files call the transformer's weights: Wan's own names, those of Diffusers, and either inside
 * the wrappers of training.
 */
final class TransformerNames {
  private static final Pattern BLOCK = Pattern.compile("(blocks\\.\\d+\\.)(.+)");

  private static final Stems OUTSIDE =
      new Stems(
          Map.of(
              "condition_embedder.text_embedder.linear_1", "text_embedding.0",
              "condition_embedder.text_embedder.linear_2", "text_embedding.2",
              "condition_embedder.time_embedder.linear_1", "time_embedding.0",
              "condition_embedder.time_embedder.linear_2", "time_embedding.2",
              "condition_embedder.time_proj", "time_projection.1",
              "scale_shift_table", "head.modulation",
              "proj_out", "head.head"));

  /** Diffusers numbers norms in the order they run, Wan in the order they were written. */
  private static final Stems INSIDE =
      new Stems(
          Map.ofEntries(
              Map.entry("attn1.to_q", "self_attn.q"),
              Map.entry("attn1.to_k", "self_attn.k"),
              Map.entry("attn1.to_v", "self_attn.v"),
              Map.entry("attn1.to_out.0", "self_attn.o"),
              Map.entry("attn1.norm_q", "self_attn.norm_q"),
              Map.entry("attn1.norm_k", "self_attn.norm_k"),
              Map.entry("attn2.to_q", "cross_attn.q"),
              Map.entry("attn2.to_k", "cross_attn.k"),
              Map.entry("attn2.to_v", "cross_attn.v"),
              Map.entry("attn2.to_out.0", "cross_attn.o"),
              Map.entry("attn2.norm_q", "cross_attn.norm_q"),
              Map.entry("attn2.norm_k", "cross_attn.norm_k"),
              Map.entry("norm2", "norm3"),
              Map.entry("ffn.net.0.proj", "ffn.0"),
              Map.entry("ffn.net.2", "ffn.2"),
              Map.entry("scale_shift_table", "modulation")));

  private TransformerNames() {}

  /**
   * The map that fits a file.
   *
   * @throws CheckpointException if it holds no transformer of Wan's
   */
  static KeyMap of(TensorFile file) {
    var unwrapped = KeyMap.unwrapping();
    var names =
        file.names().stream()
            .flatMap(key -> unwrapped.name(key).stream())
            .collect(Collectors.toSet());
    if (names.contains("condition_embedder.time_proj.weight")) {
      return unwrapped.then(name -> Optional.of(fromDiffusers(name)));
    }
    if (names.contains("time_projection.1.weight")) {
      return unwrapped;
    }
    throw Strangers.refuse(file, "a transformer of Wan 2.1");
  }

  private static String fromDiffusers(String name) {
    var block = BLOCK.matcher(name);
    return block.matches() ? block.group(1) + INSIDE.apply(block.group(2)) : OUTSIDE.apply(name);
  }
}
