package dev.longtake.pretrained;

import dev.longtake.rollout.ModelPart;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** How a published model's folder is laid out. */
public enum Layout {
  /** As Wan's authors publish it: everything side by side. */
  WAN(
      "config.json",
      "google/umt5-xxl/tokenizer.json",
      List.of(
          "diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.safetensors.index.json"),
      List.of(
          "Wan2.1_VAE.pth",
          "Wan2.1_VAE.safetensors",
          "Wan2_1_VAE_fp32.safetensors",
          "Wan2_1_VAE_bf16.safetensors",
          "wan_2.1_vae.safetensors"),
      List.of(
          "models_t5_umt5-xxl-enc-bf16.pth",
          "umt5-xxl-enc-bf16.safetensors",
          "umt5-xxl-enc-fp8_e4m3fn.safetensors",
          "umt5_xxl_fp16.safetensors",
          "umt5_xxl_fp8_e4m3fn_scaled.safetensors")),

  /** As Hugging Face Diffusers saves it: a folder for each part, and an index of them. */
  DIFFUSERS(
      "model_index.json",
      "tokenizer/tokenizer.json",
      List.of(
          "transformer/diffusion_pytorch_model.safetensors",
          "transformer/diffusion_pytorch_model.safetensors.index.json"),
      List.of(
          "vae/diffusion_pytorch_model.safetensors",
          "vae/diffusion_pytorch_model.safetensors.index.json"),
      List.of("text_encoder/model.safetensors", "text_encoder/model.safetensors.index.json"));

  private final String head;
  private final String tokenizer;
  private final List<String> transformer;
  private final List<String> vae;
  private final List<String> textEncoder;

  Layout(
      String head,
      String tokenizer,
      List<String> transformer,
      List<String> vae,
      List<String> textEncoder) {
    this.head = head;
    this.tokenizer = tokenizer;
    this.transformer = transformer;
    this.vae = vae;
    this.textEncoder = textEncoder;
  }

  /** The file that says what the folder is. */
  String head() {
    return head;
  }

  /** Whether a folder holds a part of such a model, or its tokenizer. */
  boolean isBegun(Path folder) {
    var files = Arrays.stream(ModelPart.values()).flatMap(part -> files(part).stream());
    return Stream.concat(files, Stream.of(tokenizer))
        .anyMatch(file -> Files.isRegularFile(folder.resolve(file)));
  }

  /** Where the tokenizer is, from the folder. */
  public String tokenizer() {
    return tokenizer;
  }

  /** Where a part's weights may be, from the folder; the first that is there counts. */
  public List<String> files(ModelPart part) {
    return switch (part) {
      case TRANSFORMER -> transformer;
      case VAE -> vae;
      case TEXT_ENCODER -> textEncoder;
    };
  }
}
