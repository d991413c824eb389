package dev.longtake.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.longtake.checkpoint.Manifest;
import dev.longtake.checkpoint.Safetensors;
import dev.longtake.media.Frame;
import dev.longtake.media.FrameSource;
import dev.longtake.media.Sampling;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.vae.TinyConfig;
import dev.longtake.vae.TinyDecoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Published layouts from a terminal, from the folder to the pictures. */
class PublishedModelTest {
  private static final Path CHECKPOINT = TinyLayouts.CHECKPOINT;

  @TempDir private static Path models;
  @TempDir private Path folder;

  private static Path own;
  private static Path wan;
  private static Path diffusers;
  private static Path preset;

  @BeforeAll
  static void write() throws IOException {
    own = TinyLayouts.own(models.resolve("own"));
    wan = TinyLayouts.wan(models.resolve("wan"), own);
    diffusers = TinyLayouts.diffusers(models.resolve("diffusers"), own);
    preset = TinyLayouts.preset(models);
  }

  @Test
  void whatIsPackedIsOneFolderThatGivesTheSameVideo() throws IOException {
    var wanted = frames(generate("own", own));

    var packed = folder.resolve("packed");
    var spoken = Spoken.by("pack", wan, packed, "--checkpoint", CHECKPOINT, "--preset", preset);

    assertThat(spoken.code()).as("%s", spoken.err()).isZero();
    assertThat(frames(generate("packed", packed))).isEqualTo(wanted);
    assertThat(Manifest.read(packed).config())
        .containsEntry("stage", "pack")
        .containsEntry("model", wan.toString())
        .containsEntry("checkpoint", CHECKPOINT.toString())
        .containsEntry("preset", "tiny-students")
        .containsEntry("weights", "generator_ema");
  }

  @Test
  void aPublishedModelIsPackedWithItsOwnTransformerToTrainFrom() throws IOException {
    for (var published : List.of(wan, diffusers)) {
      var packed = folder.resolve(published.getFileName());

      var spoken = Spoken.by("pack", published, packed);

      assertThat(spoken.code()).as("%s", spoken.err()).isZero();
      assertThat(ModelConfig.read(packed).name()).isEqualTo("wan2.1-t2v");
      try (var scope = Scope.open();
          var theirs = Safetensors.open(wan.resolve("diffusion_pytorch_model.safetensors"));
          var ours = Safetensors.open(packed.resolve(VideoModel.TRANSFORMER))) {
        assertThat(ours.names()).containsExactlyInAnyOrderElementsOf(theirs.names());
        for (var name : ours.names()) {
          assertThat(ours.read(name).toBytes()).isEqualTo(theirs.read(name).toBytes());
        }
      }
      try (var opened = VideoModel.open(packed, Device.CPU, Dtype.FLOAT32)) {
        assertThat(opened.transformer().config()).isEqualTo(opened.config().transformer());
      }
    }
  }

  @Test
  void packingLeavesNothingWhereItCannotEnd() throws IOException {
    var there = Files.createDirectory(folder.resolve("there"));
    assertThat(Spoken.by("pack", wan, there).err().getFirst()).contains("is there already");

    var own = Spoken.by("pack", PublishedModelTest.own, folder.resolve("again"));
    assertThat(own.code()).isEqualTo(2);
    assertThat(own.err()).hasSize(1);
    assertThat(own.err().getFirst()).contains("is no folder of a published Wan 2.1 model");
    try (var left = Files.list(folder)) {
      assertThat(left).containsExactly(there);
    }
  }

  @Test
  void everyLayoutOfTheSameWeightsGivesTheSameVideo() throws IOException {
    var wanted = frames(generate("own", own));

    var fromWan = generate("wan", wan, "--checkpoint", CHECKPOINT, "--preset", preset);
    var fromDiffusers =
        generate("diffusers", diffusers, "--checkpoint", CHECKPOINT, "--preset", preset);

    assertThat(wanted).hasSize(16);
    assertThat(wanted.getFirst()).isNotEqualTo(wanted.getLast());
    assertThat(frames(fromWan)).isEqualTo(wanted);
    assertThat(frames(fromDiffusers)).isEqualTo(wanted);
    var made = new ObjectMapper().readTree(folder.resolve("wan.json").toFile()).path("model");
    assertThat(made.path("name").asText()).isEqualTo("tiny-students");
    assertThat(made.path("checkpoint").asText()).isEqualTo(CHECKPOINT.toString());
    assertThat(made.path("weights").asText()).isEqualTo("generator_ema");
    assertThat(made.path("transformer_sha256").asText()).hasSize(64);
  }

  @Test
  void chunksThatAreDenoisedTogetherMakeAVideoAsLongAndTheSameEveryTime() throws IOException {
    var together =
        List.of("--checkpoint", CHECKPOINT, "--preset", preset, "--memory", "rolling-forcing")
            .toArray();

    var rolled = frames(generate("rolled", wan, together));

    assertThat(rolled).hasSize(16).isNotEqualTo(frames(generate("own", own)));
    assertThat(frames(generate("again", wan, together))).isEqualTo(rolled);
    var made = new ObjectMapper().readTree(folder.resolve("rolled.json").toFile());
    assertThat(made.path("memory").asText()).isEqualTo("rolling-forcing");
    assertMistake(
        with(wan, Stream.concat(Stream.of(together), Stream.of("--steps", 7)).toArray()),
        "a window of 21 has no room",
        "fewer steps");
  }

  @Test
  void theFoldersOwnTransformerIsAnother() {
    var index = diffusers.resolve("transformer/diffusion_pytorch_model.safetensors.index.json");

    var trained = generate("a", diffusers, "--checkpoint", CHECKPOINT, "--preset", preset);
    var base = generate("b", diffusers, "--checkpoint", index, "--preset", preset);

    assertThat(frames(base)).hasSize(16).isNotEqualTo(frames(trained));
  }

  @Test
  void theAverageIsTakenWhereItIsAskedForAgainstThePreset() throws IOException {
    var last =
        Files.writeString(
            folder.resolve("last.json"),
            Files.readString(preset).replace("\"generator_ema\"", "\"generator\""));

    assertMistake(
        with(wan, "--checkpoint", CHECKPOINT, "--preset", last),
        "has no generator or model, only [generator_ema]");
    var average = generate("average", wan, "--checkpoint", CHECKPOINT, "--preset", last, "--ema");
    assertThat(frames(average)).isEqualTo(frames(generate("own", own)));
  }

  @Test
  void aCheckpointWithTheNameOfAPresetNeedsNoOther() throws IOException {
    var named = Files.copy(CHECKPOINT, folder.resolve("causal_forcing.pt"));

    var spoken = Spoken.by("generate", "a red cube", "--model", wan, "--checkpoint", named);

    // It is run as the preset says, with the model of the last step, which this file lacks.
    assertMistake(spoken, "causal_forcing.pt", "has no generator or model, only [generator_ema]");
  }

  @Test
  void whatIsMissingOrContradictsIsToldInALine() {
    assertMistake(with(wan), wan.toString(), "give --checkpoint");
    assertMistake(with(wan, "--checkpoint", CHECKPOINT), "give --preset self-forcing | causal-");
    assertMistake(with(wan, "--preset", "self-forcing"), "checkpoints/self_forcing_dmd.pt", "give");
    assertMistake(
        with(wan, "--checkpoint", CHECKPOINT, "--preset", preset, "--no-ema"),
        "has no generator or model, only [generator_ema]");
    assertMistake(
        with(wan, "--checkpoint", CHECKPOINT, "--preset", preset, "--decoder", "tiny"),
        "no taew2_1.safetensors or taew2_1.pth",
        "--tiny-decoder");
    assertMistake(
        with(wan, "--checkpoint", CHECKPOINT, "--preset", preset, "--lora", CHECKPOINT),
        "does not say how strong the adapter is",
        "give --lora-strength");
    for (var option :
        List.of(
            List.of("--checkpoint", CHECKPOINT),
            List.of("--preset", "longlive"),
            List.of("--no-ema"),
            List.of("--ema"),
            List.of("--lora", CHECKPOINT),
            List.of("--tiny-decoder", CHECKPOINT),
            List.of("--decoder", "tiny"))) {
      assertMistake(
          with(own, option.toArray()), option.getFirst() + "", "goes with a folder of Wan 2.1");
    }
  }

  @Test
  void aFolderWithoutTheFileThatLeadsInIsToldWhichOneItLacks() throws IOException {
    var halfWan = TinyLayouts.wan(folder.resolve("half-wan"), own);
    var halfDiffusers = TinyLayouts.diffusers(folder.resolve("half-diffusers"), own);
    Files.delete(halfWan.resolve("config.json"));
    Files.delete(halfDiffusers.resolve("model_index.json"));

    assertMistake(
        with(halfWan, "--checkpoint", CHECKPOINT), "half-wan: lacks config.json", "download");
    assertMistake(
        with(halfDiffusers, "--checkpoint", CHECKPOINT),
        "half-diffusers: lacks model_index.json",
        "download");
    assertMistake(
        Spoken.by("pack", halfWan, folder.resolve("packed")),
        "half-wan: lacks config.json",
        "download");
  }

  @Test
  void anAdapterChangesThePictures() {
    var lora = folder.resolve("lora.safetensors");
    try (var scope = Scope.open();
        var rng = Rng.seeded(4, Device.CPU)) {
      var place = "base_model.model.blocks.1.ffn.0.lora_";
      Safetensors.write(
          lora,
          Map.of(
              place + "A.weight", rng.normal(Dtype.FLOAT32, 4, 96),
              place + "B.weight", rng.normal(Dtype.FLOAT32, 256, 4)),
          Map.of());
    }

    var plain = generate("plain", wan, "--checkpoint", CHECKPOINT, "--preset", preset);
    var adapted =
        generate(
            "adapted",
            wan,
            "--checkpoint",
            CHECKPOINT,
            "--preset",
            preset,
            "--lora",
            lora,
            "--lora-strength",
            0.5);

    assertThat(frames(adapted)).hasSize(16).isNotEqualTo(frames(plain));
  }

  @Test
  void theTinyDecoderIsTakenFromTheFolder() throws IOException {
    var copy = TinyLayouts.wan(folder.resolve("wan"), own);
    TinyLayouts.weights(
        copy.resolve("taew2_1.safetensors"), w -> TinyDecoder.of(TinyConfig.TAEW2_1, w));

    var full = generate("full", copy, "--checkpoint", CHECKPOINT, "--preset", preset);
    var tiny =
        generate("tiny", copy, "--checkpoint", CHECKPOINT, "--preset", preset, "--decoder", "tiny");

    assertThat(frames(tiny)).hasSize(16).isNotEqualTo(frames(full));
  }

  @Test
  void speedIsMeasuredOfThemToo() {
    var spoken =
        Spoken.by(
            "bench",
            "--model",
            diffusers,
            "--checkpoint",
            CHECKPOINT,
            "--preset",
            preset,
            "--device",
            "cpu",
            "--seconds",
            0.5,
            "--warmup",
            0);

    assertThat(spoken.code()).as("%s", spoken.err()).isZero();
    assertThat(spoken.out()).startsWith("tiny-students, ").contains("frames/s");
  }

  @Test
  void aModelThatCannotFitIsRefusedBeforeItIsLoaded() throws IOException {
    var huge = TinyLayouts.own(folder.resolve("huge"));
    var config = huge.resolve("config.json");
    var text = Files.readString(config);
    assertThat(text).contains("\"width\" : 32");
    Files.writeString(config, text.replaceAll("\"(width|height)\" : 32", "\"$1\" : 320000"));

    assertMistake(
        Spoken.by("generate", "a red cube", "--model", huge, "--device", "cpu"),
        "the model needs at least ",
        "this machine has ",
        "use a shorter memory, a smaller picture");
    assertMistake(
        Spoken.by("bench", "--model", huge, "--device", "cpu"), "the model needs at least ");
  }

  private Path generate(String name, Path model, Object... options) {
    var video = folder.resolve(name + ".mp4");
    var all = new ArrayList<Object>(List.of("generate", "a red cube", "--model", model));
    all.addAll(List.of("--seconds", 1, "--device", "cpu", "--out", video));
    all.addAll(List.of(options));
    var spoken = Spoken.by(all.toArray());
    assertThat(spoken.code()).as("%s", spoken.err()).isZero();
    return video;
  }

  private static Spoken with(Path model, Object... options) {
    var all = new ArrayList<Object>(List.of("generate", "a red cube", "--model", model));
    all.addAll(List.of(options));
    return Spoken.by(all.toArray());
  }

  private static void assertMistake(Spoken spoken, String... parts) {
    assertThat(spoken.code()).as("%s", spoken.err()).isEqualTo(2);
    assertThat(spoken.err()).singleElement().asString().contains(parts);
  }

  private static List<Frame> frames(Path video) {
    var frames = new ArrayList<Frame>();
    try (var source = FrameSource.open(video, Sampling.NONE)) {
      source.forEachRemaining(frames::add);
    }
    return frames;
  }
}
