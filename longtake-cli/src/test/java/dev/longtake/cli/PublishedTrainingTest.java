package dev.longtake.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.longtake.checkpoint.AdapterFolder;
import dev.longtake.checkpoint.Manifest;
import dev.longtake.checkpoint.Safetensors;
import dev.longtake.media.Frame;
import dev.longtake.media.FrameSource;
import dev.longtake.media.Mp4Writer;
import dev.longtake.media.Sampling;
import dev.longtake.media.VideoFormat;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.Recall;
import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.testkit.TensorAssert;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The run files of Wan 1.3B's size, a step each, with a published model that is tiny. */
class PublishedTrainingTest {
  private static final int SIDE = 32;
  private static final String CHANGED = "blocks\\..*(\\.[qkvo]|ffn\\.[02])\\.weight";
  private static final String MEMORY = "slow-fast:sink=3,slow=3,fast=6";

  @TempDir private static Path models;
  @TempDir private Path folder;

  private static Path wan;
  private static Path base;

  @BeforeAll
  static void pack() throws IOException {
    wan = TinyLayouts.wan(models.resolve("wan"), TinyLayouts.own(models.resolve("own")));
    base = models.resolve("base");
    assertThat(Spoken.by("pack", wan, base).code()).isZero();
    var config = base.resolve(ModelConfig.FILE);
    var json = new ObjectMapper();
    var tree = (ObjectNode) json.readTree(config.toFile());
    ((ObjectNode) tree.get("video")).put("width", SIDE).put("height", SIDE);
    json.writeValue(config.toFile(), tree);
  }

  @Test
  void aPublishedStudentIsTaughtByAPublishedModel() throws IOException {
    var student = folder.resolve("student");
    Spoken.by(
        "pack",
        wan,
        student,
        "--checkpoint",
        TinyLayouts.CHECKPOINT,
        "--preset",
        TinyLayouts.preset(folder));

    var left = stage1(student);

    assertThat(pictures(left)).hasSize(16);
  }

  @Test
  void thePublishedWayIsGoneFromABidirectionalModelToAStudentOfLongContext() throws IOException {
    var clips = clips();
    var tuned =
        trained(
            "backbone",
            "from=" + base,
            "data=cache:" + clips,
            "latent_frames=6",
            "training.accumulate=2");
    var causal =
        trained(
            "causal-start",
            "from=" + tuned,
            "data=cache:" + clips,
            "latent_frames=6",
            "training.accumulate=2");
    assertThat(ModelConfig.read(causal).recall()).isEqualTo(Recall.CACHED);
    var pairs =
        carriedOut(
                "ode-pairs",
                "from=" + base,
                "prompts=" + prompts(),
                "negative_prompt=a room",
                "pairs=2",
                "latent_frames=6")
            .resolve("pairs");
    var regressed =
        trained(
            "ode-regression",
            "from=" + causal,
            "pairs=" + pairs,
            "memory=" + MEMORY,
            "training.accumulate=2");
    var first = stage1(regressed);
    var teacher =
        trained(
            "teacher",
            "from=" + base,
            "data=cache:" + clips,
            "footage.latent_frames=18",
            "footage.shortest=0",
            "layout={sink: 3, sparse: 2, spread: even, reach: 6, motion: 3, target: 6}",
            "least=6",
            "adapter.rank=4",
            "adapter.alpha=4",
            "training.accumulate=2");
    var last =
        trained(
            "stage2",
            distilling(
                first,
                teacher,
                "matching.lengths.from=15",
                "matching.lengths.to=18",
                "matching.window=6",
                "matching.context_frames=6"));
    var baseline =
        trained(
            "streaming",
            distilling(
                first,
                base,
                "matching.lengths.from=9",
                "matching.lengths.to=15",
                "matching.lengths.every=3",
                "matching.window=6",
                "adapter.rank=4",
                "adapter.alpha=4"));

    assertThat(ModelConfig.read(teacher).sampling().guidance()).isEqualTo(5);
    for (var adapted : List.of(teacher, baseline)) {
      try (var adapter = AdapterFolder.open(adapted.resolveSibling("adapter"));
          var network = Safetensors.open(base.resolve(VideoModel.TRANSFORMER))) {
        long matrices = network.names().stream().filter(name -> name.matches(CHANGED)).count();
        assertThat(adapter.factors().names()).hasSize(Math.toIntExact(2 * matrices));
      }
    }
    assertThat(Manifest.read(last).config()).containsEntry("stage", "contextual-dmd");
    assertThat(pictures(last)).hasSize(16);
  }

  @Test
  void theAdapterThatIsLeftGoesOnThePublishedModelThatItWasTrainedOn() throws IOException {
    var adapted =
        trained(
            "teacher",
            "from=" + base,
            "data=cache:" + clips(),
            "footage={latent_frames: 18}",
            "layout={sink: 3, sparse: 2, spread: even, reach: 6, motion: 3, target: 6}",
            "least=6",
            "adapter.rank=4",
            "adapter.alpha=6",
            "training.accumulate=1");
    var merged = folder.resolve("merged");
    var factors = adapted.resolveSibling("adapter").resolve(AdapterFolder.WEIGHTS);

    var spoken =
        Spoken.by(
            "pack",
            wan,
            merged,
            "--checkpoint",
            wan.resolve("diffusion_pytorch_model.safetensors"),
            "--preset",
            TinyLayouts.preset(folder),
            "--lora",
            factors,
            "--lora-strength",
            1.5);

    assertThat(spoken.code()).as("%s", spoken.err()).isZero();
    try (var scope = Scope.open();
        var ours = Safetensors.open(adapted.resolveSibling(VideoModel.TRANSFORMER));
        var theirs = Safetensors.open(merged.resolve(VideoModel.TRANSFORMER));
        var before = Safetensors.open(base.resolve(VideoModel.TRANSFORMER))) {
      assertThat(theirs.names()).containsExactlyInAnyOrderElementsOf(ours.names());
      for (var name : ours.names()) {
        var change = ours.read(name).minus(before.read(name)).abs().max().item();
        assertThat(change > 0).as(name).isEqualTo(name.matches(CHANGED));
        TensorAssert.assertThat(theirs.read(name).to(Dtype.FLOAT32))
            .isCloseTo(ours.read(name), 1e-6);
      }
    }
  }

  private Path stage1(Path student) throws IOException {
    return trained(
        "stage1",
        distilling(
            student,
            base,
            "matching.lengths.from=6",
            "matching.lengths.to=6",
            "matching.window=6"));
  }

  private String[] distilling(Path student, Path teacher, String... more) throws IOException {
    var all =
        new ArrayList<>(
            List.of(
                "student.from=" + student,
                "teacher.from=" + teacher,
                "teacher.negative_prompt=a room",
                "prompts=" + prompts(),
                "student.memory=" + MEMORY,
                "training.accumulate=1",
                "training.ema_from=0"));
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }

  private Path prompts() throws IOException {
    return Files.writeString(folder.resolve("prompts.txt"), "a red cube\na blue cone\n");
  }

  private Path clips() throws IOException {
    var videos = Files.createDirectories(folder.resolve("videos"));
    Files.writeString(videos.resolve("a.txt"), "a red cube");
    var format = new VideoFormat(SIDE, SIDE, 16);
    try (var writer = Mp4Writer.open(videos.resolve("a.mp4"), format, Map.of())) {
      for (int i = 0; i < 70; i++) {
        writer.write(List.of(Frame.filled(SIDE, SIDE, 3 * i * 0x010101)));
      }
      writer.finish();
    }
    var clips = folder.resolve("clips");
    var spoken =
        Spoken.by("encode", videos, "--model", base, "--out", clips, "--frames", 69, "--clips", 1);
    assertThat(spoken.code()).as("%s", spoken.err()).isZero();
    return clips;
  }

  private Path trained(String which, String... settings) {
    var all = new ArrayList<>(List.of(settings));
    all.add("training.steps=1");
    return carriedOut(which, all.toArray(String[]::new)).resolve("model");
  }

  private Path carriedOut(String which, String... settings) {
    var out = folder.resolve(which);
    var command = new ArrayList<Object>();
    command.add("train");
    command.add(Path.of("..", "recipes", "wan-1.3b-" + which + ".yaml"));
    command.add("--device=cpu");
    command.add("--out=" + out);
    for (var setting : settings) {
      command.add("--set=" + setting);
    }
    var spoken = Spoken.by(command.toArray());
    assertThat(spoken.code()).as("%s %s", which, spoken.err()).isZero();
    return out;
  }

  private List<byte[]> pictures(Path model) {
    var file = folder.resolve(model.getParent().getFileName() + ".mp4");
    var spoken =
        Spoken.by(
            "generate",
            "a red cube",
            "--model",
            model,
            "--out",
            file,
            "--seconds",
            1,
            "--device",
            "cpu");
    assertThat(spoken.code()).as("%s", spoken.err()).isZero();
    var pictures = new ArrayList<byte[]>();
    try (var frames = FrameSource.open(file, Sampling.NONE)) {
      while (frames.hasNext()) {
        pictures.add(frames.next().rgb());
      }
    }
    return pictures;
  }
}
