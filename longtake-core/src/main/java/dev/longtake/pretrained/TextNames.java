package dev.longtake.pretrained;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.checkpoint.KeyMap;
import dev.longtake.checkpoint.TensorFile;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** What files call the text encoder's weights: Wan's own names, or those of Hugging Face. */
final class TextNames {
  private static final Pattern BLOCK =
      Pattern.compile("encoder\\.block\\.(\\d+)\\.layer\\.([01]\\..+)");

  private static final Stems OUTSIDE =
      new Stems(Map.of("shared", "token_embedding", "encoder.final_layer_norm", "norm"));

  private static final Stems INSIDE =
      new Stems(
          Map.of(
              "0.SelfAttention.q", "attn.q",
              "0.SelfAttention.k", "attn.k",
              "0.SelfAttention.v", "attn.v",
              "0.SelfAttention.o", "attn.o",
              "0.SelfAttention.relative_attention_bias", "pos_embedding.embedding",
              "0.layer_norm", "norm1",
              "1.DenseReluDense.wi_0", "ffn.gate.0",
              "1.DenseReluDense.wi_1", "ffn.fc1",
              "1.DenseReluDense.wo", "ffn.fc2",
              "1.layer_norm", "norm2"));

  /** The tokenizer's model as bytes, and the one table of tokens under its second name. */
  private static final Set<String> NO_WEIGHTS =
      Set.of("spiece_model", "encoder.embed_tokens.weight");

  private TextNames() {}

  /**
   * The map that fits a file.
   *
   * @throws CheckpointException if it holds no UMT5 encoder
   */
  static KeyMap of(TensorFile file) {
    if (file.names().contains("shared.weight")) {
      return key -> NO_WEIGHTS.contains(key) ? Optional.empty() : Optional.of(fromHuggingFace(key));
    }
    if (file.names().contains("token_embedding.weight")) {
      return KeyMap.identity();
    }
    throw Strangers.refuse(file, "a UMT5 text encoder");
  }

  private static String fromHuggingFace(String key) {
    var block = BLOCK.matcher(key);
    return block.matches()
        ? "blocks." + block.group(1) + "." + INSIDE.apply(block.group(2))
        : OUTSIDE.apply(key);
  }
}
