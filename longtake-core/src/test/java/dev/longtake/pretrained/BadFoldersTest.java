package dev.longtake.pretrained;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Whatever is wrong with what people give is told in one line, with the file and the remedy. */
@ExtendWith(LeakGuard.class)
class BadFoldersTest {
  @TempDir Path folder;

  private Published published;
  private Path wan;
  private Path diffusers;
  private Path checkpoint;

  @BeforeEach
  void write() {
    published = new Published();
    wan = published.wan(folder.resolve("wan"));
    diffusers = published.diffusers(folder.resolve("diffusers"));
    checkpoint =
        Published.torch(
            folder.resolve("model.pt"), Map.of("generator_ema", published.transformer()));
  }

  @AfterEach
  void free() {
    published.close();
  }

  @Test
  void aMissingFileIsNamed() throws IOException {
    var files =
        Map.of(
            "models_t5_umt5-xxl-enc-bf16.pth", "lacks models_t5_umt5-xxl-enc-bf16.pth, the text",
            "Wan2.1_VAE.pth", "lacks Wan2.1_VAE.pth, the video autoencoder; download that file",
            "google/umt5-xxl/tokenizer.json", "tokenizer.json: no such file, but the tokenizer is");
    for (var entry : files.entrySet()) {
      var file = wan.resolve(entry.getKey());
      var aside = Files.move(file, folder.resolve("aside"));
      refused(wan, entry.getValue());
      Files.move(aside, file);
    }
    for (var name :
        List.of(
            "vae/config.json",
            "text_encoder/config.json",
            "vae/diffusion_pytorch_model.safetensors",
            "text_encoder/model-00002-of-00002.safetensors")) {
      var file = diffusers.resolve(name);
      var aside = Files.move(file, folder.resolve("aside"));
      refused(diffusers, file.getFileName().toString());
      Files.move(aside, file);
    }
  }

  @Test
  void aMissingCheckpointSaysWhereItIsFrom() {
    var without = PretrainedParts.of(PretrainedFolder.open(wan), Published.preset());
    refused(
        without,
        "checkpoints/self_forcing_dmd.pt: preset self-forcing needs this file of"
            + " gdhe17/Self-Forcing");
    refused(
        without.with(FileRole.CHECKPOINT, folder),
        folder.resolve("checkpoints/self_forcing_dmd.pt") + ": no such file, but the transformer");
  }

  @Test
  void aShardCutShortIsNamed() throws IOException {
    var shard = diffusers.resolve("text_encoder/model-00001-of-00002.safetensors");
    byte[] bytes = Files.readAllBytes(shard);
    Files.write(shard, Arrays.copyOf(bytes, bytes.length - 9));
    refused(diffusers, "model-00001-of-00002.safetensors: file is cut short");
  }

  @Test
  void anIndexThatNamesAnAbsentTensorIsRefused() throws IOException {
    change(
        diffusers.resolve("text_encoder/model.safetensors.index.json"),
        index ->
            ((ObjectNode) index.get("weight_map"))
                .put("encoder.block.9.x", "model-00001-of-00002.safetensors"));
    refused(diffusers, "tensor 'encoder.block.9.x' is not in model-00001-of-00002.safetensors");
  }

  @Test
  void aFileOfAnotherArchitectureIsRefused() {
    refused(parts(wan).with(FileRole.CHECKPOINT, text()), "is not a transformer of Wan 2.1");
    refused(parts(wan).with(FileRole.VAE, text()), "is not the video autoencoder of Wan 2.1");
    refused(parts(wan).with(FileRole.TEXT_ENCODER, vae()), "is not a UMT5 text encoder");
    refused(parts(wan).with(FileRole.TINY_DECODER, vae()), "is not the tiny decoder taew2_1");
  }

  @Test
  void aTransformerOfAnotherSizeIsRefusedFromItsHeader() throws IOException {
    change(wan.resolve("config.json"), config -> config.put("num_layers", 3));
    refused(wan, "is not the transformer: 27 missing ('blocks.2.", "and 24 more)");
    change(wan.resolve("config.json"), config -> config.put("num_layers", 1));
    refused(wan, "27 unknown ('blocks.1.");
    change(wan.resolve("config.json"), config -> config.put("num_layers", 2).put("ffn_dim", 32));
    refused(wan, "6 of another shape ('blocks.0.ffn.0.bias is [24], not [32]'");
  }

  @Test
  void weightsThatAreNoNumbersAreRefusedByName() {
    try (var scope = Scope.open()) {
      Map<String, Tensor> tensors = new LinkedHashMap<>(published.transformer());
      var bad = tensors.get("blocks.1.self_attn.v.bias").copy();
      tensors.put("blocks.1.self_attn.v.bias", bad.fill(Double.NaN));
      Published.torch(checkpoint, Map.of("generator_ema", tensors));
    }
    refused(wan, "tensor 'blocks.1.self_attn.v.bias' holds NaN or infinity as FLOAT32");
  }

  @Test
  void geometryThatIsNotComputedIsRefusedWithItsValue() throws IOException {
    var config = wan.resolve("config.json");
    var cases =
        Map.<String, Object>of(
            "model_type",
            "i2v",
            "out_dim",
            36,
            "patch_size",
            List.of(1, 4, 4),
            "qk_norm",
            false,
            "eps",
            1e-5,
            "window_size",
            List.of(7, 7),
            "num_heads",
            3,
            "dim",
            "16",
            "vace_layers",
            List.of(0, 2));
    var told =
        Map.of(
            "model_type", "setting model_type = \"i2v\" must be \"t2v\"",
            "out_dim", "setting out_dim = 36 must be 16",
            "patch_size", "setting patch_size = [1,4,4] must be [1,2,2]",
            "qk_norm", "setting qk_norm = false must be true",
            "eps", "setting eps = 1.0E-5 must be 1e-6",
            "window_size", "setting window_size = [7,7] must be [-1,-1]",
            "num_heads", "dim 16 does not split into 3 heads",
            "dim", "setting dim = \"16\" must be a whole number",
            "vace_layers", "setting vace_layers = [0,2] is not known here");
    byte[] original = Files.readAllBytes(config);
    for (var entry : cases.entrySet()) {
      change(config, node -> node.putPOJO(entry.getKey(), entry.getValue()));
      refused(wan, String.valueOf(told.get(entry.getKey())));
      Files.write(config, original);
    }
    change(config, node -> node.remove("ffn_dim"));
    refused(wan, "config.json: has no setting ffn_dim");
  }

  @Test
  void geometryOfDiffusersIsRefusedToo() throws IOException {
    var cases =
        Map.of(
            "transformer/config.json", "added_kv_proj_dim",
            "vae/config.json", "attn_scales",
            "text_encoder/config.json", "feed_forward_proj");
    for (var entry : cases.entrySet()) {
      var config = diffusers.resolve(entry.getKey());
      byte[] original = Files.readAllBytes(config);
      change(config, node -> node.put(entry.getValue(), 7));
      refused(diffusers, "setting " + entry.getValue() + " = 7 must be");
      Files.write(config, original);
    }
    change(
        diffusers.resolve("model_index.json"),
        index -> index.putArray("transformer_2").add("diffusers").add("WanTransformer3DModel"));
    refused(diffusers, "setting transformer_2 = [");
    change(
        diffusers.resolve("model_index.json"),
        index -> index.put("_class_name", "WanImageToVideoPipeline"));
    refused(diffusers, "_class_name = \"WanImageToVideoPipeline\" must be \"WanPipeline\"");
  }

  @Test
  void somethingElseIsNoFolder() throws IOException {
    assertThat(PretrainedFolder.layout(wan)).contains(Layout.WAN);
    assertThat(PretrainedFolder.layout(diffusers)).contains(Layout.DIFFUSERS);
    assertThat(PretrainedFolder.layout(folder)).isEmpty();
    refused(folder, "is no folder of a published Wan 2.1 model: it has neither model_index.json");
    Files.writeString(wan.resolve("config.json"), "{\"model_type\":");
    refused(wan, "config.json: is no JSON (");
  }

  @Test
  void textOfAnotherWidthIsRefused() throws IOException {
    change(wan.resolve("config.json"), config -> config.put("text_dim", 7));
    assertThatThrownBy(() -> parts(wan).config())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("text states of width 7 (text_dim), the text encoder's have 6");
  }

  private interface Change {
    void on(ObjectNode node);
  }

  private static void change(Path file, Change change) throws IOException {
    var json = new ObjectMapper();
    var node = (ObjectNode) json.readTree(file.toFile());
    change.on(node);
    json.writeValue(file.toFile(), node);
  }

  private Path text() {
    return wan.resolve("models_t5_umt5-xxl-enc-bf16.pth");
  }

  private Path vae() {
    return diffusers.resolve("vae/diffusion_pytorch_model.safetensors");
  }

  private PretrainedParts parts(Path path) {
    return PretrainedParts.of(PretrainedFolder.open(path), Published.preset())
        .with(FileRole.CHECKPOINT, checkpoint);
  }

  private void refused(Path path, String... told) {
    assertThatThrownBy(() -> open(parts(path)))
        .isInstanceOf(CheckpointException.class)
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1))
        .extracting(Throwable::getMessage)
        .asString()
        .contains(told);
  }

  private static void refused(PretrainedParts parts, String told) {
    assertThatThrownBy(() -> open(parts))
        .isInstanceOf(CheckpointException.class)
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1))
        .hasMessageContaining(told);
  }

  private static void open(PretrainedParts parts) {
    VideoModel.open(parts, Device.CPU, Dtype.FLOAT32).close();
  }
}
