package dev.longtake.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.longtake.checkpoint.Safetensors;
import dev.longtake.nn.Weights;
import dev.longtake.rollout.TinyModel;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.Fixtures;
import dev.longtake.wan.WanConfig;
import dev.longtake.wan.WanTransformer;
import dev.longtake.world.Caption;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a file or a folder holds, from a terminal. */
class InspectCommandTest {
  @TempDir private Path folder;

  @Test
  void anArchiveIsDescribedWithoutBeingLoaded() {
    var archive = Fixtures.file("dit-checkpoint-bf16.pt");

    var spoken = Spoken.by("inspect", archive);

    assertThat(spoken.code()).as("%s", spoken.err()).isZero();
    assertThat(spoken.err()).isEmpty();
    assertThat(spoken.out().lines())
        .startsWith(archive + ": torch.save archive", "  step = 7", "", "generator_ema")
        .contains(
            "  Wan transformer: width 96, feed-forward 256, blocks 3, latent channels 16, text"
                + " width 48; wrapped by training",
            "  96 tensors, 473,536 parameters, bfloat16",
            "  weights alone: 1.89 MB in float32, 947 kB in bfloat16, 474 kB in float8",
            "    model.blocks.0-2.self_attn.q.weight [96,96] bfloat16")
        .hasSizeLessThan(50);
  }

  @Test
  void aLongtakeModelIsDescribedWhole() throws IOException {
    var model =
        TinyModel.write(Files.createDirectory(folder.resolve("model")), Caption.vocabulary());

    var spoken = Spoken.by("inspect", model, "--json");

    assertThat(spoken.code()).as("%s", spoken.err()).isZero();
    var json = new ObjectMapper().readTree(spoken.out());
    assertThat(json.path("kind").asText()).isEqualTo("longtake_model");
    assertThat(json.path("parts").findValuesAsText("name"))
        .contains("text_encoder.safetensors", "transformer.safetensors", "vae.safetensors");
    var transformer = json.path("parts").get(1);
    assertThat(transformer.at("/network/kind").asText()).isEqualTo("transformer");
    assertThat(transformer.at("/network/width").asInt()).isEqualTo(16);
    assertThat(transformer.at("/network/blocks").asInt()).isEqualTo(2);
    long parameters = transformer.path("parameters").asLong();
    assertThat(parameters).isPositive();
    assertThat(transformer.at("/bytes_in/float32").asLong()).isEqualTo(4 * parameters);
    assertThat(transformer.at("/bytes_in/bfloat16").asLong()).isEqualTo(2 * parameters);
    assertThat(transformer.at("/dtypes/float32").asLong()).isEqualTo(parameters);
    assertThat(transformer.path("tensors").asInt()).isEqualTo(15 + 2 * 27);
    assertThat(json.at("/parts/0/network/kind").asText()).isEqualTo("text_encoder");
    assertThat(json.at("/parts/2/network/kind").asText()).isEqualTo("autoencoder");
  }

  @Test
  void aLongtakeModelSaysWhatRunningItTakes() throws IOException {
    var model =
        TinyModel.write(Files.createDirectory(folder.resolve("model")), Caption.vocabulary());

    var spoken = Spoken.by("inspect", model);
    var json = new ObjectMapper().readTree(Spoken.by("inspect", model, "--json").out());

    assertThat(spoken.out())
        .contains("runs at 32x32 with memory " + TinyModel.MEMORY + ", 2 steps a chunk, whole ")
        .containsPattern(
            "in float32: .*\\(weights .* kB, keys and values .* kB, decoding .* kB\\)");
    var run = json.at("/runs/0");
    assertThat(json.path("runs").size()).isEqualTo(1);
    assertThat(run.path("presets").isEmpty()).isTrue();
    assertThat(run.path("sampler").asText()).isEqualTo("euler");
    assertThat(run.path("steps").asInt()).isEqualTo(2);
    assertThat(run.path("guidance").asDouble()).isEqualTo(1);
    assertThat(run.at("/bytes_in_float32/transformer").asLong())
        .isEqualTo(json.at("/parts/1/bytes_in/float32").asLong());
    assertThat(run.at("/bytes_in_float32/total").asLong())
        .isEqualTo(2 * run.at("/bytes_in_bfloat16/total").asLong());
  }

  @Test
  void aCheckpointOfThePublishedSizeNamesItsPresets() throws IOException {
    var named = headersOfTheSmallModel(folder.resolve("self_forcing_dmd.safetensors"));

    var one = Spoken.by("inspect", named);
    var all = Spoken.by("inspect", Files.move(named, folder.resolve("model.safetensors")));

    assertThat(one.code()).as("%s", one.err()).isZero();
    assertThat(one.out().lines())
        .contains(
            "  Wan transformer 1.3B: width 1536, feed-forward 8960, blocks 30, latent channels 16,"
                + " text width 4096",
            "runs with --preset self-forcing at 832x480 with memory sliding-window:frames=21, whole"
                + " with text encoder and autoencoder:",
            "  in float8: weights 7.23 GB on the disk; they are computed in one of the above")
        .anyMatch(line -> line.matches(" {2}in bfloat16: .* \\(weights 14.5 GB, .*"));
    assertThat(all.out().lines().filter(line -> line.startsWith("runs with --preset ")))
        .hasSize(6)
        .first()
        .asString()
        .contains("self-forcing | causal-forcing at ");
  }

  @Test
  void anAdapterSaysWhatMergesIt() throws IOException {
    var published = Spoken.by("inspect", adapter(256), "--json");
    var own = Spoken.by("inspect", adapter(4));

    var part = new ObjectMapper().readTree(published.out()).at("/parts/0");
    assertThat(part.at("/network/rank").asInt()).isEqualTo(256);
    assertThat(part.at("/merged_by_presets/0").asText()).isEqualTo("longlive");
    assertThat(part.path("merged_by_presets").size()).isEqualTo(1);
    assertThat(own.out())
        .contains("LoRA: rank 4, matrices 1", "merged by --lora", "give --lora-strength");
    assertThat(Spoken.by("inspect", adapter(256)).out())
        .contains("of the rank that --preset longlive merges");
  }

  private Path adapter(long rank) {
    var file = folder.resolve("lora.safetensors");
    try (var scope = Scope.open()) {
      var place = "base_model.model.blocks.1.ffn.0.lora_";
      Safetensors.write(
          file,
          Map.of(
              place + "A.weight", Tensor.zeros(Dtype.FLOAT32, Device.CPU, rank, 8),
              place + "B.weight", Tensor.zeros(Dtype.FLOAT32, Device.CPU, 8, rank)),
          Map.of());
    }
    return file;
  }

  /** A file of the right length, most of which takes no room on the disk. */
  private static Path headersOfTheSmallModel(Path file) throws IOException {
    Map<String, Object> header = new LinkedHashMap<>();
    long end = 0;
    try (var outline = Weights.outline()) {
      WanTransformer.of(outline, WanConfig.T2V_1_3B);
      for (var weight : outline.taken().entrySet()) {
        long begin = end;
        end += weight.getValue().count() * Dtype.BFLOAT16.bytes();
        var offsets = new long[] {begin, end};
        var shape = weight.getValue().shape();
        header.put(
            weight.getKey(), Map.of("dtype", "BF16", "shape", shape, "data_offsets", offsets));
      }
    }
    byte[] json = new ObjectMapper().writeValueAsBytes(header);
    var length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(json.length);
    try (var out = new RandomAccessFile(file.toFile(), "rw")) {
      out.write(length.array());
      out.write(json);
      out.setLength(8 + json.length + end);
    }
    return file;
  }

  @Test
  void aFolderThatCannotBeRunIsDescribedAllTheSame() throws IOException {
    var config = "{\"_class_name\": \"WanModel\", \"model_type\": \"i2v\"}";
    Files.writeString(folder.resolve("config.json"), config);
    Files.copy(Fixtures.file("dit.safetensors"), folder.resolve("model.safetensors"));

    var spoken = Spoken.by("inspect", folder);
    var json = new ObjectMapper().readTree(Spoken.by("inspect", folder, "--json").out());

    assertThat(spoken.code()).as("%s", spoken.err()).isZero();
    assertThat(spoken.out())
        .contains("Wan folder", "Wan transformer: width 96", "does not run: ", "must be \"t2v\"");
    assertThat(json.path("does_not_run").asText()).contains("model_type = \"i2v\"");
    assertThat(json.path("runs").isEmpty()).isTrue();
  }

  @Test
  void everyTensorOrThoseThatMatchAreListed() {
    var file = Fixtures.file("dit.safetensors");

    var all = Spoken.by("inspect", file, "--tensors");
    var some = Spoken.by("inspect", file, "--match", "*.1.self_attn.?.weight");

    assertThat(all.out().lines().filter(line -> line.startsWith("    "))).hasSize(96);
    assertThat(some.out().lines().filter(line -> line.startsWith("    ")))
        .containsExactlyInAnyOrder(
            "    blocks.1.self_attn.q.weight [96,96] float32",
            "    blocks.1.self_attn.k.weight [96,96] float32",
            "    blocks.1.self_attn.v.weight [96,96] float32",
            "    blocks.1.self_attn.o.weight [96,96] float32");
  }

  @Test
  void aPointerInsteadOfAFileIsToldAsWhatItIs() throws IOException {
    var pointer =
        Files.writeString(
            folder.resolve("model.safetensors"),
            "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n");

    var spoken = Spoken.by("inspect", pointer);

    assertThat(spoken.code()).isEqualTo(2);
    assertThat(spoken.err())
        .singleElement()
        .asString()
        .contains("model.safetensors", "Git LFS pointer", "git lfs pull");
  }
}
