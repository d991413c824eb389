package dev.longtake.checkpoint;

import dev.longtake.checkpoint.WanNetwork.Naming;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Two names for each place in a network. A place is a tensor's name without its last word ({@code
 * weight}, {@code bias}, {@code gamma}), or all of it where that is no such word; a block's number
 * is written {@code {}}.
 *
 * @param toDiffusers by the original name
 * @param toOriginal by Diffusers' name
 */
record WanNames(Map<String, String> toDiffusers, Map<String, String> toOriginal) {
  private static final Pattern BLOCK = Pattern.compile("(?<=(^|\\.)blocks?\\.)\\d+(?=\\.)");
  private static final Pattern LEAF = Pattern.compile("\\.(weight|bias|gamma)$");

  private static WanNames of(Map<String, String> toDiffusers) {
    Map<String, String> toOriginal = new HashMap<>();
    toDiffusers.forEach((original, diffusers) -> toOriginal.put(diffusers, original));
    return new WanNames(Map.copyOf(toDiffusers), Map.copyOf(toOriginal));
  }

  /** What the other side calls that tensor; empty if this side has no such name. */
  Optional<String> other(String name, Naming naming) {
    var leaf = LEAF.matcher(name);
    var ending = leaf.find() ? leaf.group() : "";
    var place = name.substring(0, name.length() - ending.length());
    var block = BLOCK.matcher(place);
    var number = block.find() ? block.group() : "";
    var pattern = block.reset().replaceFirst("{}");
    var names = naming == Naming.ORIGINAL ? toDiffusers : toOriginal;
    return Optional.ofNullable(names.get(pattern))
        .map(other -> other.replace("{}", number) + ending);
  }

  static WanNames transformer() {
    Map<String, String> names = new LinkedHashMap<>();
    names.put("patch_embedding", "patch_embedding");
    for (var embedding : List.of("text", "time")) {
      var theirs = "condition_embedder." + embedding + "_embedder.linear_";
      names.put(embedding + "_embedding.0", theirs + "1");
      names.put(embedding + "_embedding.2", theirs + "2");
    }
    names.put("time_projection.1", "condition_embedder.time_proj");
    var image = "condition_embedder.image_embedder.";
    names.put("img_emb.proj.0", image + "norm1");
    names.put("img_emb.proj.1", image + "ff.net.0.proj");
    names.put("img_emb.proj.3", image + "ff.net.2");
    names.put("img_emb.proj.4", image + "norm2");
    names.put("head.modulation", "scale_shift_table");
    names.put("head.head", "proj_out");

    names.put("blocks.{}.modulation", "blocks.{}.scale_shift_table");
    names.put("blocks.{}.norm3", "blocks.{}.norm2"); // Diffusers counts the norms otherwise
    names.put("blocks.{}.ffn.0", "blocks.{}.ffn.net.0.proj");
    names.put("blocks.{}.ffn.2", "blocks.{}.ffn.net.2");
    attention(names, "blocks.{}.self_attn.", "blocks.{}.attn1.");
    attention(names, "blocks.{}.cross_attn.", "blocks.{}.attn2.");
    names.put("blocks.{}.cross_attn.k_img", "blocks.{}.attn2.add_k_proj");
    names.put("blocks.{}.cross_attn.v_img", "blocks.{}.attn2.add_v_proj");
    names.put("blocks.{}.cross_attn.norm_k_img", "blocks.{}.attn2.norm_added_k");
    return of(names);
  }

  private static void attention(Map<String, String> names, String ours, String theirs) {
    for (var projection : List.of("q", "k", "v")) {
      names.put(ours + projection, theirs + "to_" + projection);
    }
    names.put(ours + "o", theirs + "to_out.0");
    names.put(ours + "norm_q", theirs + "norm_q");
    names.put(ours + "norm_k", theirs + "norm_k");
  }

  static WanNames autoencoder() {
    Map<String, String> names = new LinkedHashMap<>();
    names.put("conv1", "quant_conv");
    names.put("conv2", "post_quant_conv");
    for (var coder : List.of("encoder.", "decoder.")) {
      names.put(coder + "conv1", coder + "conv_in");
      names.put(coder + "head.0", coder + "norm_out");
      names.put(coder + "head.2", coder + "conv_out");
      residual(names, coder + "middle.0", coder + "mid_block.resnets.0");
      for (var part : List.of("norm", "to_qkv", "proj")) {
        names.put(coder + "middle.1." + part, coder + "mid_block.attentions.0." + part);
      }
      residual(names, coder + "middle.2", coder + "mid_block.resnets.1");
    }
    for (int i = 0; i <= 10; i++) {
      stage(names, "encoder.downsamples." + i, "encoder.down_blocks." + i);
    }
    // In the decoder a level is three residual blocks and, but for the last, an enlargement.
    for (int i = 0; i <= 14; i++) {
      var level = "decoder.up_blocks." + i / 4 + ".";
      stage(
          names,
          "decoder.upsamples." + i,
          i % 4 == 3 ? level + "upsamplers.0" : level + "resnets." + i % 4);
    }
    return of(names);
  }

  /** A place that is a residual block or a change of size, which have no part's name in common. */
  private static void stage(Map<String, String> names, String ours, String theirs) {
    residual(names, ours, theirs);
    names.put(ours + ".resample.1", theirs + ".resample.1");
    names.put(ours + ".time_conv", theirs + ".time_conv");
  }

  private static void residual(Map<String, String> names, String ours, String theirs) {
    names.put(ours + ".residual.0", theirs + ".norm1");
    names.put(ours + ".residual.2", theirs + ".conv1");
    names.put(ours + ".residual.3", theirs + ".norm2");
    names.put(ours + ".residual.6", theirs + ".conv2");
    names.put(ours + ".shortcut", theirs + ".conv_shortcut");
  }

  static WanNames textEncoder() {
    Map<String, String> names = new LinkedHashMap<>();
    names.put("token_embedding", "shared");
    names.put("norm", "encoder.final_layer_norm");
    var attention = "encoder.block.{}.layer.0.";
    names.put("blocks.{}.norm1", attention + "layer_norm");
    for (var projection : List.of("q", "k", "v", "o")) {
      names.put("blocks.{}.attn." + projection, attention + "SelfAttention." + projection);
    }
    names.put(
        "blocks.{}.pos_embedding.embedding", attention + "SelfAttention.relative_attention_bias");
    var feedForward = "encoder.block.{}.layer.1.";
    names.put("blocks.{}.norm2", feedForward + "layer_norm");
    names.put("blocks.{}.ffn.gate.0", feedForward + "DenseReluDense.wi_0");
    names.put("blocks.{}.ffn.fc1", feedForward + "DenseReluDense.wi_1");
    names.put("blocks.{}.ffn.fc2", feedForward + "DenseReluDense.wo");
    return of(names);
  }
}
