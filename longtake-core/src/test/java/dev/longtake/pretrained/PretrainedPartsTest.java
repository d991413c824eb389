package dev.longtake.pretrained;

import static dev.longtake.testkit.TensorAssert.relativeError;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.checkpoint.TrainedPart;
import dev.longtake.nn.Init;
import dev.longtake.nn.Weights;
import dev.longtake.rollout.ModelPart;
import dev.longtake.rollout.VideoGenerator;
import dev.longtake.rollout.VideoModel;
import dev.longtake.rollout.VideoRequest;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.vae.TinyConfig;
import dev.longtake.vae.TinyDecoder;
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

/** Models in the published layouts, from the file to the picture. */
@ExtendWith(LeakGuard.class)
class PretrainedPartsTest {
  @TempDir Path folder;

  private Published published;

  @BeforeEach
  void draw() {
    published = new Published();
  }

  @AfterEach
  void free() {
    published.close();
  }

  @Test
  void bothLayoutsGiveTheSamePictures() {
    var checkpoint = checkpoint("model.");
    var wan = parts(published.wan(folder.resolve("wan")), checkpoint);
    var diffusers = parts(published.diffusers(folder.resolve("diffusers")), checkpoint);
    assertThat(wan.config()).isEqualTo(diffusers.config());
    assertThat(wan.config().transformer()).isEqualTo(Published.TRANSFORMER);
    assertThat(wan.config().vae()).isEqualTo(Published.VAE);
    assertThat(wan.config().textEncoder()).isEqualTo(Published.TEXT);
    var pictures = pictures(wan);
    assertThat(pictures).hasSize(9);
    assertThat(pictures(diffusers)).isEqualTo(pictures);
  }

  @Test
  void everyWeightArrivesUnderItsOwnName() {
    var parts = parts(published.diffusers(folder.resolve("d")), diffusersTransformer());
    for (var part : ModelPart.values()) {
      var wanted =
          switch (part) {
            case TRANSFORMER -> published.transformer();
            case VAE -> published.vae();
            case TEXT_ENCODER -> published.text();
          };
      try (var scope = Scope.open();
          var file = parts.open(part);
          var taken = Weights.from(file.source(Dtype.FLOAT32, Device.CPU))) {
        wanted.forEach(
            (name, weight) -> {
              var read = taken.take(name, Init.ZEROS, weight.shape());
              assertThat(read.toFloats()).as(name).isEqualTo(weight.toFloats());
            });
      }
      assertThat(parts.report(part).fits()).isTrue();
    }
  }

  @Test
  void trainingsWrappersMayStandInAnyOrder() {
    var plain = published.wan(folder.resolve("wan"));
    for (var prefix :
        List.of(
            "model._fsdp_wrapped_module.",
            "_fsdp_wrapped_module.model.",
            "_orig_mod.model._checkpoint_wrapped_module.")) {
      var parts = parts(plain, checkpoint(prefix));
      try (var file = parts.open(ModelPart.TRANSFORMER)) {
        assertThat(file.source(Dtype.FLOAT32, Device.CPU).names())
            .containsExactlyInAnyOrderElementsOf(published.transformer().keySet());
      }
    }
  }

  @Test
  void aTransformerInSeveralFilesIsReadThroughItsIndex() throws IOException {
    var wan = published.wan(folder.resolve("wan"));
    Files.delete(wan.resolve("diffusion_pytorch_model.safetensors"));
    Published.shards(wan, "diffusion_pytorch_model", published.transformer());
    var index = PretrainedFolder.open(wan).file(ModelPart.TRANSFORMER);
    assertThat(index).hasFileName("diffusion_pytorch_model.safetensors.index.json");
    assertThat(parts(wan, index).report(ModelPart.TRANSFORMER).tensors())
        .isEqualTo(published.transformer().size());
  }

  @Test
  void theAverageIsAnotherModelThanTheLastStep() {
    var wan = published.wan(folder.resolve("wan"));
    try (var scope = Scope.open()) {
      Map<String, Tensor> average = new LinkedHashMap<>();
      published.transformer().forEach((name, weight) -> average.put(name, weight.times(0.5)));
      var path =
          Published.torch(
              folder.resolve("model.pt"),
              Map.of("generator", published.transformer(), "generator_ema", average));
      for (var part : List.of(TrainedPart.GENERATOR, TrainedPart.GENERATOR_EMA)) {
        var parts =
            PretrainedParts.of(PretrainedFolder.open(wan), Published.preset().withPart(part))
                .with(FileRole.CHECKPOINT, path);
        try (var file = parts.open(ModelPart.TRANSFORMER)) {
          var read = file.tensors().read("head.head.bias");
          var own = published.transformer().get("head.head.bias");
          var wanted = part == TrainedPart.GENERATOR ? own : own.times(0.5);
          assertThat(read.toFloats()).isEqualTo(wanted.toFloats());
        }
      }
    }
  }

  @Test
  void anAdapterBesideTheCheckpointIsMerged() {
    var wan = published.wan(folder.resolve("wan"));
    try (var scope = Scope.open()) {
      Map<String, Tensor> factors = new LinkedHashMap<>();
      var a = published.rng().normal(Dtype.FLOAT32, 4, 16);
      var b = published.rng().normal(Dtype.FLOAT32, 16, 4);
      factors.put("base_model.model.blocks.1.cross_attn.k.lora_A.default.weight", a);
      factors.put("base_model.model.blocks.1.cross_attn.k.lora_B.default.weight", b);
      var models = folder.resolve("repository/models");
      Published.torch(
          models.resolve("base.pt"), Map.of("generator", published.transformer(), "step", 1));
      Published.torch(models.resolve("lora.pt"), Map.of("generator_lora", factors));
      var preset = adapted(4, 8);
      for (var given : List.of(folder.resolve("repository"), models.resolve("base.pt"))) {
        var parts =
            PretrainedParts.of(PretrainedFolder.open(wan), preset).with(FileRole.CHECKPOINT, given);
        parts.requireWhole();
        try (var file = parts.open(ModelPart.TRANSFORMER)) {
          var name = "blocks.1.cross_attn.k.weight";
          var wanted = published.transformer().get(name).plus(b.matmul(a).times(2));
          assertThat(relativeError(file.tensors().read(name), wanted)).isLessThan(1e-6);
        }
      }
      var other =
          PretrainedParts.of(PretrainedFolder.open(wan), adapted(8, 8))
              .with(FileRole.CHECKPOINT, folder.resolve("repository"));
      assertThatThrownBy(() -> other.open(ModelPart.TRANSFORMER))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("lora.pt (generator_lora): tensor ")
          .hasMessageContaining("have shapes [4, 16] and [16, 4], not of rank 8");
    }
  }

  @Test
  void anAdapterOfOnesOwnIsMergedAtTheStrengthThatIsGiven() {
    var wan = published.wan(folder.resolve("wan"));
    try (var scope = Scope.open()) {
      var a = published.rng().normal(Dtype.FLOAT32, 4, 16);
      var b = published.rng().normal(Dtype.FLOAT32, 16, 4);
      var place = "blocks.0.self_attn.q.";
      var lora = folder.resolve("own.safetensors");
      Published.safetensors(lora, Map.of(place + "lora_A.weight", a, place + "lora_B.weight", b));
      var parts = parts(wan, checkpoint("")).withAdapter(lora, 0.5);
      parts.requireWhole();
      try (var file = parts.open(ModelPart.TRANSFORMER)) {
        var wanted = published.transformer().get(place + "weight").plus(b.matmul(a).times(0.5));
        assertThat(relativeError(file.tensors().read(place + "weight"), wanted)).isLessThan(1e-6);
      }
      assertThatThrownBy(() -> parts.withAdapter(lora, 1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("has an adapter of its own");
    }
  }

  @Test
  void textEncodersOfEightBitsAreReadInBothNamings() {
    var wan = published.wan(folder.resolve("wan"));
    try (var scope = Scope.open()) {
      Map<String, Tensor> plain = new LinkedHashMap<>();
      Map<String, Tensor> scaled = new LinkedHashMap<>();
      published
          .text()
          .forEach(
              (name, weight) -> {
                boolean norm = name.contains("norm");
                plain.put(name, norm ? weight : weight.to(Dtype.FLOAT8_E4M3));
                var key = Published.huggingFace(name);
                boolean linear = key.contains("SelfAttention.") || key.contains("Dense");
                if (linear && !key.contains("bias")) {
                  scaled.put(key, weight.times(16).to(Dtype.FLOAT8_E4M3));
                  scaled.put(
                      key.replace(".weight", ".scale_weight"),
                      Tensor.full(1.0 / 16, Dtype.FLOAT32, Device.CPU));
                } else {
                  scaled.put(key, weight.to(Dtype.FLOAT16));
                }
              });
      scaled.put("scaled_fp8", Tensor.empty(Dtype.FLOAT8_E4M3, Device.CPU, 0));
      scaled.put("spiece_model", Tensor.ofBytes(new byte[] {1, 2}, Dtype.UINT8, 2));
      for (var tensors : List.of(plain, scaled)) {
        var path = folder.resolve("umt5.safetensors");
        Published.safetensors(path, tensors);
        var parts = parts(wan, checkpoint("")).with(FileRole.TEXT_ENCODER, path);
        assertThat(parts.config().textEncoder()).isEqualTo(Published.TEXT);
        try (var file = parts.open(ModelPart.TEXT_ENCODER);
            var taken = Weights.from(file.source(Dtype.FLOAT32, Device.CPU))) {
          var name = "blocks.1.ffn.gate.0.weight";
          var weight = published.text().get(name);
          var read = taken.take(name, Init.ZEROS, weight.shape());
          assertThat(relativeError(read, weight)).isBetween(1e-6, 0.05);
        }
        assertThat(pictures(parts)).hasSize(9);
      }
    }
  }

  @Test
  void theTinyDecoderMakesThePicturesIfItIsGiven() {
    var wan = published.wan(folder.resolve("wan"));
    var path = folder.resolve("taew2_1.pth");
    try (var scope = Scope.open();
        var weights = Weights.random(published.rng(), Dtype.FLOAT32)) {
      TinyDecoder.of(TinyConfig.TAEW2_1, weights);
      Map<String, Tensor> tensors = new LinkedHashMap<>(weights.taken());
      tensors.put("encoder.0.weight", Tensor.zeros(Dtype.FLOAT32, Device.CPU, 2));
      Published.torch(path, tensors);
    }
    var parts = parts(wan, checkpoint("")).with(FileRole.TINY_DECODER, path);
    var rough = pictures(parts);
    assertThat(rough).hasSize(9).isNotEqualTo(pictures(parts(wan, checkpoint(""))));
  }

  private Path checkpoint(String prefix) {
    return Published.torch(
        folder.resolve("self_forcing_dmd.pt"),
        Map.of("generator_ema", Published.renamed(published.transformer(), n -> prefix + n)));
  }

  private Path diffusersTransformer() {
    return folder.resolve("d/transformer/diffusion_pytorch_model.safetensors.index.json");
  }

  private static PretrainedParts parts(Path folder, Path checkpoint) {
    return PretrainedParts.of(PretrainedFolder.open(folder), Published.preset())
        .with(FileRole.CHECKPOINT, checkpoint);
  }

  private static Preset adapted(int rank, double alpha) {
    var preset = Published.preset();
    return new Preset(
        "adapted",
        preset.about(),
        preset.base(),
        new Preset.Weights("some/repository", "models/base.pt", TrainedPart.GENERATOR),
        List.of(new Preset.Adapter("models/lora.pt", rank, alpha)),
        preset.video(),
        preset.chunk(),
        preset.sampling(),
        preset.memory(),
        preset.recall());
  }

  /** A number for each picture of the first chunk. */
  private static List<Integer> pictures(PretrainedParts parts) {
    try (var model = VideoModel.open(parts, Device.CPU, Dtype.FLOAT32);
        var video =
            VideoGenerator.start(model, VideoRequest.of(model.config(), Published.PROMPT))) {
      return video.next().frames().stream().map(Arrays::hashCode).toList();
    }
  }
}
