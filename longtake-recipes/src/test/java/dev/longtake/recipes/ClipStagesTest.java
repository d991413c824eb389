package dev.longtake.recipes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.checkpoint.Manifest;
import dev.longtake.data.Damaged;
import dev.longtake.media.Sampling;
import dev.longtake.rollout.Recall;
import dev.longtake.rollout.VideoGenerator;
import dev.longtake.rollout.VideoModel;
import dev.longtake.rollout.VideoRequest;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.train.TrainingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Backbone and causal start; without a leak guard where FFmpeg is at work. */
class ClipStagesTest {
  private static final List<String> BOTH = List.of(TinyStages.BACKBONE, TinyStages.CAUSAL_START);

  @TempDir Path folder;
  private Path model = Path.of("");

  @BeforeEach
  void write() throws Exception {
    model = TinyFolder.model(folder.resolve("given"), 1);
  }

  @Test
  void aRunLeavesAModelThatGeneratesWithTheGivenEncoders() throws Exception {
    for (var yaml : BOTH) {
      var run = run(yaml, Map.of());
      var out = folder.resolve(run.name());
      var ear = TinyStages.run(run, out);
      var stage = run instanceof BackboneRun ? "backbone" : "causal-start";
      assertThat(ear.steps).containsExactly(stage + " 0", stage + " 1", stage + " 2", stage + " 3");
      var left = run.result(out);
      try (var opened = VideoModel.open(left, Device.CPU, Dtype.FLOAT32);
          var video =
              VideoGenerator.start(opened, VideoRequest.of(opened.config(), "a brick room"))) {
        assertThat(opened.config().name()).isEqualTo(run.name());
        assertThat(video.next().frames()).hasSize(9);
      }
      for (var same : List.of(VideoModel.VAE, VideoModel.TEXT_ENCODER, VideoModel.TOKENIZER)) {
        assertThat(left.resolve(same)).hasSameBinaryContentAs(model.resolve(same));
      }
      var manifest = Manifest.read(left);
      assertThat(manifest.step()).isEqualTo(4);
      assertThat(manifest.data()).isEqualTo("world");
      assertThat(manifest.losses()).containsKey(stage + ".loss");
    }
    var causal = TinyFolder.config(folder.resolve("tiny-causal/model"));
    assertThat(causal.memory()).isEqualTo("sliding-window:6");
    assertThat(causal.recall()).isEqualTo(Recall.CACHED);
  }

  @Test
  void aRunThatWasKilledGoesOnToTheSameWeights() throws Exception {
    for (var yaml : BOTH) {
      var run = run(yaml, Map.of());
      var straight = folder.resolve(run.name() + "-straight");
      TinyStages.run(run, straight);
      var broken = folder.resolve(run.name() + "-broken");
      var end = (run instanceof BackboneRun ? "backbone" : "causal-start") + " 2";
      assertThatThrownBy(() -> TinyStages.run(run, broken, end, List.of(Device.CPU)))
          .hasMessage("killed at " + end);
      assertThat(TinyStages.run(run, broken).steps).hasSize(2);
      assertThat(TinyStages.bytes(run.result(broken)))
          .isEqualTo(TinyStages.bytes(run.result(straight)));
      assertThat(TinyStages.run(run, broken).steps).as("finished").isEmpty();
    }
  }

  @Test
  void aFolderWithAnotherRunsModelIsRefusedAndTheModelStays() throws Exception {
    var out = folder.resolve("out");
    TinyStages.run(run(TinyStages.BACKBONE, Map.of()), out);
    var left = out.resolve(TrainModel.MODEL_FOLDER);
    var before = TinyStages.bytes(left);
    for (var other :
        List.of(
            run(TinyStages.CAUSAL_START, Map.of()),
            run(TinyStages.CAUSAL_START, Map.of("name", "tiny-backbone")),
            run(TinyStages.BACKBONE, Map.of("name", "other")),
            TinyRun.with(folder, Map.of()))) {
      assertThatThrownBy(() -> TinyStages.run(other, out))
          .isInstanceOf(TrainingException.class)
          .hasMessageContaining(left + " holds 'tiny-backbone' of stage backbone, which '")
          .hasMessageContaining("would replace; give another output folder")
          .hasMessageNotContaining("\n");
    }
    assertThat(TinyStages.bytes(left)).isEqualTo(before);
    try (var list = Files.list(out)) {
      assertThat(list).hasSize(3); // backbone, model, transformer.safetensors
    }

    Files.delete(left.resolve(Manifest.FILE_NAME));
    assertThatThrownBy(() -> TinyStages.run(run(TinyStages.BACKBONE, Map.of()), out))
        .hasMessageContaining("no run left it: it has no manifest.json");
  }

  @Test
  void samplesAreMadeOnTheWayAndLayersRunAgainAndTheWeightsAreTheSame() throws Exception {
    var more =
        Map.of(
            "samples", "{every: 2, seconds: 0.5, prompts: [a brick room]}",
            "activations", "recomputed");
    for (var yaml : BOTH) {
      var plain = run(yaml, Map.of());
      var straight = folder.resolve(plain.name() + "-plain");
      TinyStages.run(plain, straight);
      var out = folder.resolve(plain.name() + "-sampled");
      TinyStages.run(run(yaml, more), out);
      try (var list = Files.list(out.resolve(SampleVideos.FOLDER))) {
        assertThat(list.map(file -> file.getFileName().toString()))
            .containsExactlyInAnyOrder(
                "00000002.mp4", "00000002.png", "00000004.mp4", "00000004.png");
      }
      assertThat(TinyStages.bytes(plain.result(out)))
          .isEqualTo(TinyStages.bytes(plain.result(straight)));
    }
  }

  @Test
  void asManyCheckpointsStayAsTheRunFileSays() throws Exception {
    for (int keep : List.of(1, 3)) {
      var settings =
          Map.of("training.save_every", "1", "training.keep", "" + keep, "training.steps", "4");
      var out = folder.resolve("keeps-" + keep);
      TinyStages.run(run(TinyStages.BACKBONE, settings), out);
      try (var files = Files.list(out.resolve("backbone"))) {
        assertThat(files.filter(file -> file.toString().endsWith(".safetensors"))).hasSize(keep);
      }
    }
  }

  @Test
  void aDryRunTellsThePlanOfTheStage() throws Exception {
    for (var yaml : BOTH) {
      var place =
          new Workplace(
              List.of(Device.CPU), folder.resolve("untouched"), 1, Ending.at(9), new Ear(""));
      var told = new ArrayList<String>();
      DryRun.of(run(yaml, Map.of()), place, told::add);
      assertThat(told.getFirst())
          .contains(
              ": 4 steps, 1 batch of "
                  + (yaml.equals(TinyStages.BACKBONE) ? 2 : 1)
                  + " clips a step, rate");
      assertThat(told).anyMatch(line -> line.contains("numbers trained: weights"));
      assertThat(folder.resolve("untouched")).doesNotExist();
    }
  }

  @Test
  void aGivenTransformerIsTrainedOnAndAFreshOneForgetsIt() throws Exception {
    for (var start : List.of("fresh", "given")) {
      var run = run(TinyStages.BACKBONE, Map.of("start", start));
      TinyStages.run(run, folder.resolve(start + "1"));
      TinyFolder.transformer(model, 2);
      TinyStages.run(run, folder.resolve(start + "2"));
      TinyFolder.transformer(model, 1);
      var first = TinyStages.bytes(run.result(folder.resolve(start + "1")));
      var second = TinyStages.bytes(run.result(folder.resolve(start + "2")));
      assertThat(first.equals(second)).as(start).isEqualTo(start.equals("fresh"));
    }
  }

  @Test
  void videosOfAFolderAndTheirCacheWillDoAndWhatIsSkippedIsTold() throws Exception {
    var videos = folder.resolve("videos");
    TinyFolder.video(videos, "a", 24, "a brick room");
    TinyFolder.video(videos, "b", 21, "a red cube");
    Files.writeString(videos.resolve("c.mp4"), "no video");
    Files.writeString(videos.resolve("c.txt"), "a room");
    var fromFolder = run(TinyStages.CAUSAL_START, Map.of("data", "'folder:" + videos + "'"));
    var out = folder.resolve("from-folder");
    var ear = TinyStages.run(fromFolder, out);
    assertThat(ear.steps).hasSize(4);
    assertThat(ear.said)
        .anyMatch(text -> text.startsWith("skipped 1 videos") && text.contains("c.mp4"));
    assertThat(Files.readAllLines(out.resolve("skipped.txt"))).hasSize(1);
    assertThat(Manifest.read(fromFolder.result(out)).data()).endsWith(", 1 videos skipped");

    var cache = folder.resolve("cache");
    new EncodeVideos(
            List.of(videos), model, cache, 21, 1, Sampling.Between.NEAREST, Damaged.REFUSE, 1)
        .run(Device.CPU, Dtype.FLOAT32, 1, text -> {});
    var fromCache = run(TinyStages.CAUSAL_START, Map.of("data", "'cache:" + cache + "'"));
    assertThat(TinyStages.run(fromCache, folder.resolve("from-cache")).steps).hasSize(4);

    var longer = Map.of("data", "'cache:" + cache + "'", "latent_frames", "9");
    assertThatThrownBy(
            () -> TinyStages.run(run(TinyStages.CAUSAL_START, longer), folder.resolve("longer")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("holds clips of 21 pictures, 9 latent frames need 33");
    TinyFolder.model(model, 5);
    assertThatThrownBy(() -> TinyStages.run(fromCache, folder.resolve("other-model")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("was encoded for another model");
  }

  @Test
  void whereNoVideoIsLeftTheReasonsAreListed() throws Exception {
    var videos = Files.createDirectory(folder.resolve("videos"));
    Files.writeString(videos.resolve("c.mp4"), "no video");
    Files.writeString(videos.resolve("c.txt"), "a room");
    Files.writeString(videos.resolve("d.mp4"), "no caption");
    var run = run(TinyStages.BACKBONE, Map.of("data", "'folder:" + videos + "'"));
    var out = folder.resolve("out");
    assertThatThrownBy(() -> TinyStages.run(run, out))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no video is left to use (2 skipped");
    assertThat(Files.readAllLines(out.resolve("skipped.txt"))).hasSize(2);
  }

  @Test
  void twoDevicesSeeClipsOfTheirOwn() throws Exception {
    var run = run(TinyStages.BACKBONE, Map.of());
    var pair = List.of(Device.CPU, Device.CPU);
    TinyStages.run(run, folder.resolve("alone"));
    TinyStages.run(run, folder.resolve("one"), "", pair);
    TinyStages.run(run, folder.resolve("two"), "", pair);
    var shared = TinyStages.bytes(run.result(folder.resolve("one")));
    assertThat(TinyStages.bytes(run.result(folder.resolve("two")))).isEqualTo(shared);
    assertThat(TinyStages.bytes(run.result(folder.resolve("alone")))).isNotEqualTo(shared);
  }

  @Test
  void badValuesAreRefusedInOneLine() {
    refused(
        TinyStages.BACKBONE, "latent_frames", "0", "latent_frames and batch must be at least 1");
    refused(
        TinyStages.BACKBONE,
        "data",
        "moon",
        "data is 'moon'; give world, world:COUNT, folder:PATH");
    refused(TinyStages.BACKBONE, "dtype", "int64", "dtype must be a real one");
    refused(TinyStages.BACKBONE, "start", "warm", "start");
    refused(TinyStages.CAUSAL_START, "latent_frames", "7", "a multiple of the block of 3, not 7");
    refused(TinyStages.CAUSAL_START, "memory", "nothing", "memory");
    refused(
        TinyStages.CAUSAL_START,
        "memory",
        "sliding-window:2",
        "run.yaml: memory is 'sliding-window:2': a window of 2 frames cannot hold");
    refused(
        TinyStages.CAUSAL_START,
        "memory",
        "rolling-forcing",
        "run.yaml: memory is 'rolling-forcing': no stage trains a model that makes several chunks");
    refused(TinyStages.CAUSAL_START, "objective.forcing", "none", "objective.forcing");
    assertThatThrownBy(
            () ->
                TinyStages.run(
                    run(TinyStages.BACKBONE, Map.of("from", "nowhere")), folder.resolve("x")))
        .hasMessageContaining("from: there is no folder 'nowhere'");
  }

  @Test
  void dataThatIsNotThereIsRefusedBeforeAnythingIsMadeUnlessNoStepIsLeft() throws Exception {
    var out = folder.resolve("out");
    for (var yaml : List.of(TinyStages.BACKBONE, TinyStages.CAUSAL_START)) {
      for (var data : List.of("folder:", "cache:")) {
        var run = run(yaml, Map.of("data", "'" + data + folder.resolve("nowhere") + "'"));
        assertThatThrownBy(() -> TinyStages.run(run, out))
            .hasMessageContaining("there is no ")
            .hasMessageContaining("nowhere")
            .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
        assertThat(out).doesNotExist();
      }
    }
    TinyStages.run(run(TinyStages.BACKBONE, Map.of()), out);
    var over = run(TinyStages.BACKBONE, Map.of("data", "'folder:" + folder.resolve("gone") + "'"));
    assertThat(TinyStages.run(over, out).steps).isEmpty();
  }

  private void refused(String yaml, String key, String value, String told) {
    assertThatThrownBy(() -> run(yaml, Map.of(key, value)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(told)
        .hasMessageNotContaining("\n");
  }

  private Run run(String yaml, Map<String, String> settings) throws Exception {
    return TinyStages.read(folder, yaml.replace("FROM", model.toString()), settings);
  }
}
