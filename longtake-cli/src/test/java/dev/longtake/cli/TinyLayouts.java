package dev.longtake.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.longtake.checkpoint.PtCheckpoint;
import dev.longtake.checkpoint.TensorFile;
import dev.longtake.nn.Weights;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.ModelConfig.SamplerKind;
import dev.longtake.rollout.ModelConfig.Sampling;
import dev.longtake.rollout.ModelConfig.VideoSize;
import dev.longtake.rollout.Recall;
import dev.longtake.rollout.VideoModel;
import dev.longtake.testkit.Fixtures;
import dev.longtake.text.Umt5Config;
import dev.longtake.text.Umt5Encoder;
import dev.longtake.text.WordTokenizerFile;
import dev.longtake.vae.VaeConfig;
import dev.longtake.vae.WanVae;
import dev.longtake.wan.WanConfig;
import dev.longtake.wan.WanTransformer;
import dev.longtake.world.Caption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * One tiny model in every layout. Its transformer is the average in {@link #CHECKPOINT}, which
 * PyTorch wrote; the published folders hold another one, as theirs would.
 */
final class TinyLayouts {
  static final Path CHECKPOINT = Fixtures.file("dit-checkpoint-bf16.pt");

  private static final String SAFETENSORS = "diffusion_pytorch_model.safetensors";
  private static final WanConfig TRANSFORMER = new WanConfig(96, 256, 64, 48, 24, 16, 4, 3);
  private static final VaeConfig VAE =
      new VaeConfig(
          4,
          16,
          VaeConfig.WAN_2_1.multipliers(),
          VaeConfig.WAN_2_1.resBlocks(),
          VaeConfig.WAN_2_1.temporalDown(),
          VaeConfig.WAN_2_1.latentMean(),
          VaeConfig.WAN_2_1.latentStd());

  private TinyLayouts() {}

  private static ModelConfig config() {
    return new ModelConfig(
        "tiny-students",
        new VideoSize(32, 32, 16),
        TRANSFORMER,
        VAE,
        Umt5Config.of(new WordTokenizerFile(Caption.vocabulary()).size(), 48, 32, 64, 2, 2),
        new Sampling(SamplerKind.FEW_STEP, 2, 5, 1),
        "sink-window:sink=3,frames=6",
        Recall.CACHED);
  }

  /** Our own layout. */
  static Path own(Path folder) throws IOException {
    Files.createDirectories(folder);
    var config = config();
    config.write(folder);
    new WordTokenizerFile(Caption.vocabulary()).write(folder.resolve(VideoModel.TOKENIZER));
    weights(folder.resolve(VideoModel.VAE), w -> WanVae.of(VAE, w).close());
    weights(folder.resolve(VideoModel.TEXT_ENCODER), w -> Umt5Encoder.of(w, config.textEncoder()));
    convert(
        CHECKPOINT,
        folder.resolve(VideoModel.TRANSFORMER),
        "--part=generator_ema",
        "--unwrap",
        "--dtype=float32");
    return folder;
  }

  /** Wan's own layout of the same model. */
  static Path wan(Path folder, Path own) throws IOException {
    Files.createDirectories(folder.resolve("google/umt5-xxl"));
    Files.copy(own.resolve(VideoModel.TOKENIZER), folder.resolve("google/umt5-xxl/tokenizer.json"));
    weights(folder.resolve(SAFETENSORS), w -> WanTransformer.of(w, TRANSFORMER));
    archive(
        own.resolve(VideoModel.TEXT_ENCODER), folder.resolve("models_t5_umt5-xxl-enc-bf16.pth"));
    archive(own.resolve(VideoModel.VAE), folder.resolve("Wan2.1_VAE.pth"));
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("_class_name", "WanModel");
    config.put("dim", TRANSFORMER.dim());
    config.put("eps", 1e-6);
    config.put("ffn_dim", TRANSFORMER.ffnDim());
    config.put("freq_dim", TRANSFORMER.freqDim());
    config.put("in_dim", 16);
    config.put("model_type", "t2v");
    config.put("num_heads", TRANSFORMER.numHeads());
    config.put("num_layers", TRANSFORMER.numLayers());
    config.put("out_dim", 16);
    config.put("text_dim", TRANSFORMER.textDim());
    config.put("text_len", TRANSFORMER.textLen());
    return json(folder, "config.json", config);
  }

  /** The Diffusers version, its transformer in shards. */
  static Path diffusers(Path folder, Path own) throws IOException {
    for (var part : List.of("transformer", "vae", "text_encoder", "tokenizer")) {
      Files.createDirectories(folder.resolve(part));
    }
    Files.copy(own.resolve(VideoModel.TOKENIZER), folder.resolve("tokenizer/tokenizer.json"));
    var base = folder.resolve("base.safetensors");
    weights(base, w -> WanTransformer.of(w, TRANSFORMER));
    var theirs = "--names=diffusers";
    convert(base, folder.resolve("transformer").resolve(SAFETENSORS), theirs, "--shard-size=1MB");
    Files.delete(base);
    convert(own.resolve(VideoModel.VAE), folder.resolve("vae").resolve(SAFETENSORS), theirs);
    convert(
        own.resolve(VideoModel.TEXT_ENCODER),
        folder.resolve("text_encoder/model.safetensors"),
        theirs);
    json(folder, "model_index.json", Map.of("_class_name", "WanPipeline"));
    Map<String, Object> transformer = new LinkedHashMap<>();
    transformer.put("_class_name", "WanTransformer3DModel");
    transformer.put("attention_head_dim", TRANSFORMER.headDim());
    transformer.put("cross_attn_norm", true);
    transformer.put("eps", 1e-6);
    transformer.put("ffn_dim", TRANSFORMER.ffnDim());
    transformer.put("freq_dim", TRANSFORMER.freqDim());
    transformer.put("in_channels", 16);
    transformer.put("num_attention_heads", TRANSFORMER.numHeads());
    transformer.put("num_layers", TRANSFORMER.numLayers());
    transformer.put("out_channels", 16);
    transformer.put("patch_size", List.of(1, 2, 2));
    transformer.put("qk_norm", "rms_norm_across_heads");
    transformer.put("text_dim", TRANSFORMER.textDim());
    transformer.put("text_len", TRANSFORMER.textLen());
    json(folder, "transformer/config.json", transformer);
    Map<String, Object> vae = new LinkedHashMap<>();
    vae.put("_class_name", "AutoencoderKLWan");
    vae.put("base_dim", VAE.dim());
    vae.put("dim_mult", VAE.multipliers());
    vae.put("latents_mean", VAE.latentMean());
    vae.put("latents_std", VAE.latentStd());
    vae.put("num_res_blocks", VAE.resBlocks());
    vae.put("temperal_downsample", VAE.temporalDown());
    vae.put("z_dim", VAE.zDim());
    json(folder, "vae/config.json", vae);
    var umt5 = config().textEncoder();
    Map<String, Object> text = new LinkedHashMap<>();
    text.put("model_type", "umt5");
    text.put("d_ff", umt5.dimFfn());
    text.put("d_kv", umt5.headWidth());
    text.put("d_model", umt5.dim());
    text.put("feed_forward_proj", "gated-gelu");
    text.put("num_heads", umt5.heads());
    text.put("num_layers", umt5.layers());
    text.put("relative_attention_max_distance", umt5.maxDistance());
    text.put("relative_attention_num_buckets", umt5.buckets());
    text.put("vocab_size", umt5.vocab());
    return json(folder, "text_encoder/config.json", text);
  }

  /** How the student is run. */
  static Path preset(Path folder) throws IOException {
    var config = config();
    Map<String, Object> preset = new LinkedHashMap<>();
    preset.put("name", "tiny-students");
    preset.put("about", "Small enough for a test.");
    preset.put("base", "nobody/tiny");
    preset.put(
        "weights",
        Map.of("repository", "nobody/students", "file", "student.pt", "part", "generator_ema"));
    preset.put("adapters", List.of());
    preset.put("video", config.video());
    preset.put("chunk", ModelConfig.CHUNK);
    preset.put("sampling", Map.of("kind", "few_step", "steps", 2, "shift", 5.0, "guidance", 1.0));
    preset.put("memory", config.memory());
    preset.put("recall", "cached");
    return json(folder, "preset.json", preset).resolve("preset.json");
  }

  static void weights(Path file, Consumer<Weights> network) {
    TinyModel.weights(file, 7, network);
  }

  private static void archive(Path safetensors, Path archive) {
    try (var tensors = TensorFile.open(safetensors)) {
      PtCheckpoint.write(archive, tensors);
    }
  }

  private static void convert(Path from, Path to, String... options) {
    var all = new ArrayList<Object>(List.of("convert", from, to));
    all.addAll(List.of(options));
    var spoken = Spoken.by(all.toArray());
    assertThat(spoken.code()).as("%s", spoken.err()).isZero();
  }

  private static Path json(Path folder, String name, Object content) throws IOException {
    new ObjectMapper().writeValue(folder.resolve(name).toFile(), content);
    return folder;
  }
}
