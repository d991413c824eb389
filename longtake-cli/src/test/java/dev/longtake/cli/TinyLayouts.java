package dev.longtake.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.checkpoint.PtCheckpoint;
import dev.longtake.checkpoint.TensorFile;
import dev.longtake.nn.Weights;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.ModelConfig.SamplerKind;
import dev.longtake.rollout.ModelConfig.Sampling;
import dev.longtake.rollout.ModelConfig.VideoSize;
import dev.longtake.rollout.Recall;
import dev.longtake.rollout.TinyModel;
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
import java.util.List;
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
    Files.writeString(
        folder.resolve("config.json"),
        """
        {"_class_name": "WanModel", "model_type": "t2v", "dim": 96, "ffn_dim": 256, "freq_dim": 64,
         "in_dim": 16, "out_dim": 16, "num_heads": 4, "num_layers": 3, "text_dim": 48,
         "text_len": 24, "eps": 1e-06}""");
    return folder;
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
    Files.writeString(folder.resolve("model_index.json"), "{\"_class_name\": \"WanPipeline\"}");
    Files.writeString(
        folder.resolve("transformer/config.json"),
        """
        {"_class_name": "WanTransformer3DModel", "patch_size": [1, 2, 2], "in_channels": 16,
         "out_channels": 16, "num_attention_heads": 4, "attention_head_dim": 24, "ffn_dim": 256,
         "freq_dim": 64, "num_layers": 3, "text_dim": 48, "text_len": 24, "eps": 1e-06,
         "cross_attn_norm": true, "qk_norm": "rms_norm_across_heads"}""");
    Files.writeString(
        folder.resolve("vae/config.json"),
        """
        {"_class_name": "AutoencoderKLWan", "base_dim": 4, "z_dim": 16, "dim_mult": [1, 2, 4, 4],
         "num_res_blocks": 2, "temperal_downsample": [false, true, true], "latents_mean": %s,
         "latents_std": %s}"""
            .formatted(VAE.latentMean(), VAE.latentStd()));
    Files.writeString(
        folder.resolve("text_encoder/config.json"),
        """
        {"model_type": "umt5", "vocab_size": %d, "d_model": 48, "d_kv": 16, "d_ff": 64,
         "num_heads": 2, "num_layers": 2, "feed_forward_proj": "gated-gelu",
         "relative_attention_num_buckets": 32, "relative_attention_max_distance": 128}"""
            .formatted(config().textEncoder().vocab()));
    return folder;
  }

  /** How the student is run. */
  static Path preset(Path folder) throws IOException {
    return Files.writeString(
        folder.resolve("preset.json"),
        """
        {"name": "tiny-students", "about": "Small enough for a test.", "base": "nobody/tiny",
         "weights":
             {"repository": "nobody/students", "file": "student.pt", "part": "generator_ema"},
         "adapters": [], "video": {"width": 32, "height": 32, "fps": 16}, "chunk": 3,
         "sampling": {"kind": "few_step", "steps": 2, "shift": 5.0, "guidance": 1.0},
         "memory": "sink-window:sink=3,frames=6", "recall": "cached"}""");
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
}
