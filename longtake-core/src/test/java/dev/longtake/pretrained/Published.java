package dev.longtake.pretrained;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.longtake.checkpoint.Safetensors;
import dev.longtake.checkpoint.TorchFiles;
import dev.longtake.nn.Weights;
import dev.longtake.rollout.ModelConfig.VideoSize;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.text.Umt5Config;
import dev.longtake.text.Umt5Encoder;
import dev.longtake.text.WordTokenizerFile;
import dev.longtake.vae.VaeConfig;
import dev.longtake.vae.WanVae;
import dev.longtake.wan.WanConfig;
import dev.longtake.wan.WanTransformer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * Tiny models in the layouts that large ones are published in, all of the same random weights. What
 * the layouts call a weight is written down here from Wan's names outwards, the way the published
 * conversion goes; the product goes the other way.
 */
final class Published implements AutoCloseable {
  static final String PROMPT = "a red cube in a brick room";
  static final WanConfig TRANSFORMER = new WanConfig(16, 24, 8, 6, 12, 16, 2, 2);
  static final Umt5Config TEXT = Umt5Config.of(12, 6, 8, 10, 2, 2);
  static final VaeConfig VAE =
      new VaeConfig(
          4,
          16,
          VaeConfig.WAN_2_1.multipliers(),
          2,
          VaeConfig.WAN_2_1.temporalDown(),
          VaeConfig.WAN_2_1.latentMean(),
          VaeConfig.WAN_2_1.latentStd());

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Rng rng = Rng.seeded(20260731, Device.CPU);
  private final List<Weights> drawn = new ArrayList<>();
  private final Map<String, Tensor> transformer = draw(w -> WanTransformer.of(w, TRANSFORMER));
  private final Map<String, Tensor> vae = draw(w -> WanVae.of(VAE, w).close());
  private final Map<String, Tensor> text = draw(w -> Umt5Encoder.of(w, TEXT));

  private Map<String, Tensor> draw(Consumer<Weights> network) {
    var weights = Weights.random(rng, Dtype.FLOAT32);
    drawn.add(weights);
    network.accept(weights);
    for (var weight : weights.taken().values()) {
      try (var scope = Scope.open()) {
        // None is left at 0 or 1, where one might stand for another unnoticed.
        weight.plusInPlace(rng.normal(Dtype.FLOAT32, weight.shape()), 0.2);
      }
    }
    return weights.taken();
  }

  /** A published preset for small pictures. */
  static Preset preset() {
    var preset = Presets.find("self-forcing");
    return new Preset(
        preset.name(),
        preset.about(),
        preset.base(),
        preset.weights(),
        preset.adapters(),
        new VideoSize(32, 16, 16),
        preset.chunk(),
        preset.sampling(),
        preset.memory(),
        preset.recall());
  }

  Map<String, Tensor> transformer() {
    return transformer;
  }

  Map<String, Tensor> vae() {
    return vae;
  }

  Map<String, Tensor> text() {
    return text;
  }

  Rng rng() {
    return rng;
  }

  /** The original layout. */
  Path wan(Path folder) {
    json(folder.resolve("config.json"), wanConfig());
    safetensors(folder.resolve("diffusion_pytorch_model.safetensors"), transformer);
    torch(folder.resolve("models_t5_umt5-xxl-enc-bf16.pth"), text);
    torch(folder.resolve("Wan2.1_VAE.pth"), vae);
    tokenizer(folder.resolve("google/umt5-xxl/tokenizer.json"));
    return folder;
  }

  static Map<String, Object> wanConfig() {
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("_class_name", "WanModel");
    config.put("_diffusers_version", "0.30.0");
    config.put("dim", TRANSFORMER.dim());
    config.put("eps", 1e-06);
    config.put("ffn_dim", TRANSFORMER.ffnDim());
    config.put("freq_dim", TRANSFORMER.freqDim());
    config.put("in_dim", 16);
    config.put("model_type", "t2v");
    config.put("num_heads", TRANSFORMER.numHeads());
    config.put("num_layers", TRANSFORMER.numLayers());
    config.put("out_dim", 16);
    config.put("text_dim", TRANSFORMER.textDim());
    config.put("text_len", TRANSFORMER.textLen());
    return config;
  }

  /** The layout of Diffusers, transformer and text encoder in two pieces. */
  Path diffusers(Path folder) {
    Map<String, Object> index = new LinkedHashMap<>();
    index.put("_class_name", "WanPipeline");
    index.put("_diffusers_version", "0.33.0.dev0");
    index.put("scheduler", List.of("diffusers", "UniPCMultistepScheduler"));
    index.put("transformer", List.of("diffusers", "WanTransformer3DModel"));
    json(folder.resolve("model_index.json"), index);

    json(folder.resolve("transformer/config.json"), diffusersConfig());
    shards(
        folder.resolve("transformer"),
        "diffusion_pytorch_model",
        renamed(transformer, Published::diffusersTransformer));

    Map<String, Object> vaeConfig = new LinkedHashMap<>();
    vaeConfig.put("_class_name", "AutoencoderKLWan");
    vaeConfig.put("attn_scales", List.of());
    vaeConfig.put("base_dim", VAE.dim());
    vaeConfig.put("dim_mult", VAE.multipliers());
    vaeConfig.put("dropout", 0.0);
    vaeConfig.put("latents_mean", VAE.latentMean());
    vaeConfig.put("latents_std", VAE.latentStd());
    vaeConfig.put("num_res_blocks", VAE.resBlocks());
    vaeConfig.put("temperal_downsample", VAE.temporalDown());
    vaeConfig.put("z_dim", VAE.zDim());
    json(folder.resolve("vae/config.json"), vaeConfig);
    safetensors(
        folder.resolve("vae/diffusion_pytorch_model.safetensors"),
        renamed(vae, Published::diffusersVae));

    Map<String, Object> textConfig = new LinkedHashMap<>();
    textConfig.put("architectures", List.of("UMT5EncoderModel"));
    textConfig.put("d_ff", TEXT.dimFfn());
    textConfig.put("d_kv", TEXT.headWidth());
    textConfig.put("d_model", TEXT.dim());
    textConfig.put("dense_act_fn", "gelu_new");
    textConfig.put("feed_forward_proj", "gated-gelu");
    textConfig.put("layer_norm_epsilon", 1e-06);
    textConfig.put("model_type", "umt5");
    textConfig.put("num_heads", TEXT.heads());
    textConfig.put("num_layers", TEXT.layers());
    textConfig.put("relative_attention_max_distance", 128);
    textConfig.put("relative_attention_num_buckets", 32);
    textConfig.put("vocab_size", TEXT.vocab());
    textConfig.put("dropout_rate", 0.1);
    json(folder.resolve("text_encoder/config.json"), textConfig);
    shards(folder.resolve("text_encoder"), "model", renamed(text, Published::huggingFace));

    tokenizer(folder.resolve("tokenizer/tokenizer.json"));
    return folder;
  }

  static Map<String, Object> diffusersConfig() {
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("_class_name", "WanTransformer3DModel");
    config.put("added_kv_proj_dim", null);
    config.put("attention_head_dim", TRANSFORMER.headDim());
    config.put("cross_attn_norm", true);
    config.put("eps", 1e-06);
    config.put("ffn_dim", TRANSFORMER.ffnDim());
    config.put("freq_dim", TRANSFORMER.freqDim());
    config.put("image_dim", null);
    config.put("in_channels", 16);
    config.put("num_attention_heads", TRANSFORMER.numHeads());
    config.put("num_layers", TRANSFORMER.numLayers());
    config.put("out_channels", 16);
    config.put("patch_size", List.of(1, 2, 2));
    config.put("qk_norm", "rms_norm_across_heads");
    config.put("rope_max_seq_len", 1024);
    config.put("text_dim", TRANSFORMER.textDim());
    config.put("text_len", TRANSFORMER.textLen());
    return config;
  }

  static String diffusersTransformer(String name) {
    if (!name.startsWith("blocks.")) {
      return name.replace("time_embedding.0", "condition_embedder.time_embedder.linear_1")
          .replace("time_embedding.2", "condition_embedder.time_embedder.linear_2")
          .replace("text_embedding.0", "condition_embedder.text_embedder.linear_1")
          .replace("text_embedding.2", "condition_embedder.text_embedder.linear_2")
          .replace("time_projection.1", "condition_embedder.time_proj")
          .replace("head.modulation", "scale_shift_table")
          .replace("head.head", "proj_out");
    }
    return name.replace("modulation", "scale_shift_table")
        .replace("norm3", "norm2")
        .replace("ffn.0", "ffn.net.0.proj")
        .replace("ffn.2", "ffn.net.2")
        .replace("self_attn", "attn1")
        .replace("cross_attn", "attn2")
        .replaceAll("(attn[12])\\.([qkv])\\.", "$1.to_$2.")
        .replaceAll("(attn[12])\\.o\\.", "$1.to_out.0.");
  }

  static String diffusersVae(String name) {
    var out =
        name.replaceAll("^conv1\\.", "quant_conv.")
            .replaceAll("^conv2\\.", "post_quant_conv.")
            .replaceAll("^(encoder|decoder)\\.conv1\\.", "$1.conv_in.")
            .replace(".head.0.", ".norm_out.")
            .replace(".head.2.", ".conv_out.")
            .replace(".middle.0.", ".mid_block.resnets.0.")
            .replace(".middle.1.", ".mid_block.attentions.0.")
            .replace(".middle.2.", ".mid_block.resnets.1.")
            .replace("encoder.downsamples.", "encoder.down_blocks.");
    var places =
        List.of(
            "0.resnets.0",
            "0.resnets.1",
            "0.resnets.2",
            "0.upsamplers.0", //
            "1.resnets.0",
            "1.resnets.1",
            "1.resnets.2",
            "1.upsamplers.0", //
            "2.resnets.0",
            "2.resnets.1",
            "2.resnets.2",
            "2.upsamplers.0", //
            "3.resnets.0",
            "3.resnets.1",
            "3.resnets.2");
    for (int i = 0; i < places.size(); i++) {
      out = out.replace("decoder.upsamples." + i + ".", "decoder.up_blocks." + places.get(i) + ".");
    }
    return out.replace(".residual.0.", ".norm1.")
        .replace(".residual.2.", ".conv1.")
        .replace(".residual.3.", ".norm2.")
        .replace(".residual.6.", ".conv2.")
        .replace(".shortcut.", ".conv_shortcut.");
  }

  static String huggingFace(String name) {
    return name.replace("token_embedding", "shared")
        .replaceAll("^norm\\.", "encoder.final_layer_norm.")
        .replaceAll("^blocks\\.(\\d+)\\.", "encoder.block.$1.layer.")
        .replaceAll("layer\\.attn\\.([qkvo])\\.", "layer.0.SelfAttention.$1.")
        .replace("layer.pos_embedding.embedding", "layer.0.SelfAttention.relative_attention_bias")
        .replace("layer.norm1", "layer.0.layer_norm")
        .replace("layer.ffn.gate.0", "layer.1.DenseReluDense.wi_0")
        .replace("layer.ffn.fc1", "layer.1.DenseReluDense.wi_1")
        .replace("layer.ffn.fc2", "layer.1.DenseReluDense.wo")
        .replace("layer.norm2", "layer.1.layer_norm");
  }

  static Map<String, Tensor> renamed(Map<String, Tensor> tensors, UnaryOperator<String> names) {
    Map<String, Tensor> out = new LinkedHashMap<>();
    tensors.forEach((name, tensor) -> out.put(names.apply(name), tensor));
    return out;
  }

  /** Two files and their index. */
  static void shards(Path folder, String stem, Map<String, Tensor> tensors) {
    List<Map<String, Tensor>> pieces = List.of(new LinkedHashMap<>(), new LinkedHashMap<>());
    Map<String, String> places = new LinkedHashMap<>();
    tensors.forEach(
        (name, tensor) -> {
          int piece = pieces.get(0).size() <= tensors.size() / 2 ? 0 : 1;
          pieces.get(piece).put(name, tensor);
          places.put(name, stem + "-0000" + (piece + 1) + "-of-00002.safetensors");
        });
    for (int i = 0; i < 2; i++) {
      var name = stem + "-0000" + (i + 1) + "-of-00002.safetensors";
      safetensors(folder.resolve(name), pieces.get(i));
    }
    json(folder.resolve(stem + ".safetensors.index.json"), Map.of("weight_map", places));
  }

  static void safetensors(Path file, Map<String, Tensor> tensors) {
    Safetensors.write(file, tensors, Map.of("format", "pt"));
  }

  static Path torch(Path file, Map<String, ?> dict) {
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return TorchFiles.save(file, dict);
  }

  static void json(Path file, Object content) {
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      JSON.writeValue(file.toFile(), content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void tokenizer(Path file) {
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    WordTokenizerFile.of(List.of(PROMPT)).write(file);
  }

  @Override
  public void close() {
    drawn.forEach(Weights::close);
    rng.close();
  }
}
