package dev.longtake.recipes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.checkpoint.Manifest;
import dev.longtake.distill.Sight;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.Recall;
import dev.longtake.rollout.VideoGenerator;
import dev.longtake.rollout.VideoModel;
import dev.longtake.rollout.VideoRequest;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.testkit.LeakGuard;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The way from random numbers to a student of few steps, each stage from what the former left. */
@ExtendWith(LeakGuard.class)
class AllStagesTest {
  private static final Path RECIPES = Path.of("..", "recipes");
  private static final String MEMORY = "slow-fast:sink=3,slow=3,fast=6";

  /** What makes a committed run file small enough for a test. */
  private static final Map<String, String> SMALL_TRAINING =
      Map.of("training.steps", "2", "training.log_every", "1", "training.save_every", "1");

  private static final Map<String, String> SMALL_DISTILLATION =
      Map.of(
          "worlds", "5",
          "matching.prompts", "2",
          "training.generator_every", "1",
          "training.ema_from", "0",
          "student.memory", MEMORY,
          "student.sampling.steps", "2",
          "matching.earliest_exit", "1");

  @TempDir Path folder;

  @Test
  void eachStageGoesOnFromTheModelThatTheFormerLeftAndTheLastGenerates() throws Exception {
    var nothing = fromNothing();
    var cached =
        carriedOut(
            "cached",
            Map.of(
                "from", nothing.toString(), "latent_frames", "6", "batch", "1", "memory", MEMORY),
            Map.of());
    var student = odeStudent(nothing);
    var first =
        carriedOut(
            "stage1",
            SMALL_DISTILLATION,
            Map.of(
                "student.from", student.toString(),
                "teacher.from", nothing.toString(),
                "matching.lengths.from", "6",
                "matching.lengths.to", "6",
                "matching.window", "6"));
    var teacher =
        carriedOut(
            "teacher",
            Map.of(
                "from", nothing.toString(),
                "footage",
                    "{videos: 2, latent_frames: 24, together: 2, memories: ['" + MEMORY + "']}",
                "layout", "{sink: 3, sparse: 2, spread: strided, reach: 6, motion: 3, target: 6}",
                "least", "9",
                "batch", "2",
                "banks.levels", "3",
                "banks.per_level", "2",
                "banks.megabytes", "1"),
            Map.of());
    var last =
        carriedOut(
            "stage2",
            SMALL_DISTILLATION,
            Map.of(
                "student.from", first.toString(),
                "teacher.from", teacher.toString(),
                "matching.teacher", "bidirectional",
                "matching.lengths.from", "15",
                "matching.lengths.to", "18",
                "matching.window", "6",
                "matching.context_frames", "6",
                "past.made", "{from: 6, to: 9, every: 3, over: 1}",
                "past.videos", "2"));

    askedOtherwise(teacher, "matching.teacher", "causal_with_memory", "give teacher: bidirect");
    askedOtherwise(teacher, "matching.context_timestep", "shared", "give context_timestep: zero");
    assertThat(Manifest.read(last).config()).containsEntry("stage", "contextual-dmd");
    assertThat(((ContextualDmdRun) read("stage2", Map.of())).matching().teacher())
        .isEqualTo(Sight.CAUSAL_WITH_MEMORY); // of the committed file; here it was the teacher
    for (var model : new Path[] {cached, student, first, teacher, last}) {
      assertThat(Files.mismatch(transformer(model), transformer(nothing))).isNotNegative();
      assertThat(model.resolve(VideoModel.VAE))
          .hasSameBinaryContentAs(nothing.resolve(VideoModel.VAE));
    }
    assertThat(Files.mismatch(transformer(last), transformer(first))).isNotNegative();
    for (var model : new Path[] {cached, student}) {
      assertThat(ModelConfig.read(model).recall()).isEqualTo(Recall.CACHED);
    }
    for (var model : new Path[] {nothing, first, last}) {
      assertThat(ModelConfig.read(model).recall()).isEqualTo(Recall.RECOMPUTED);
    }
    generates(last);
  }

  private void askedOtherwise(Path teacher, String key, String value, String told) {
    var settings =
        new LinkedHashMap<>(
            Map.of(
                "student.from", teacher.toString(),
                "teacher.from", teacher.toString(),
                "matching.teacher", "bidirectional"));
    settings.put(key, value);
    assertThatThrownBy(() -> TinyStages.run(read("stage2", settings), folder.resolve("no")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(told)
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
    assertThat(folder.resolve("no")).doesNotExist();
  }

  private Path fromNothing() throws IOException {
    var out = folder.resolve("nothing");
    TinyStages.run(TinyRun.with(folder, Map.of("model.memory", MEMORY)), out);
    return out.resolve(TrainModel.MODEL_FOLDER);
  }

  /** What stage 1 begins with: the model's own trajectories, and where they end learnt. */
  private Path odeStudent(Path teacher) {
    var pairs =
        read(
            "ode-pairs",
            Map.of(
                "from", teacher.toString(),
                "pairs", "2",
                "latent_frames", "12",
                "grid", "{steps: 4, shift: 3, kept: 2}",
                "guidance", "1"));
    TinyStages.run(pairs, folder.resolve("pairs"));
    var settings = new LinkedHashMap<>(SMALL_TRAINING);
    settings.putAll(
        Map.of(
            "from",
            teacher.toString(),
            "pairs",
            pairs.result(folder.resolve("pairs")).toString(),
            "batch",
            "1",
            "memory",
            MEMORY));
    var regression = read("ode-regression", settings);
    assertThat(TinyStages.run(regression, folder.resolve("student")).steps).hasSize(2);
    var left = regression.result(folder.resolve("student"));
    assertThat(ModelConfig.read(left).sampling().steps()).isEqualTo(2);
    return left;
  }

  private Path carriedOut(String which, Map<String, String> settings, Map<String, String> more) {
    Map<String, String> all = new LinkedHashMap<>(SMALL_TRAINING);
    all.putAll(settings);
    all.putAll(more);
    var run = read(which, all);
    var out = folder.resolve(which);
    assertThat(TinyStages.run(run, out).steps).hasSize(2);
    assertThat(run.result(out)).isEqualTo(out.resolve(TrainModel.MODEL_FOLDER));
    assertThat(ModelConfig.read(run.result(out)).name()).isEqualTo("longtake-mini-" + which);
    return run.result(out);
  }

  private static Run read(String which, Map<String, String> settings) {
    return RunFiles.read(RECIPES.resolve("longtake-mini-" + which + ".yaml"), settings);
  }

  private static Path transformer(Path model) {
    return model.resolve(VideoModel.TRANSFORMER);
  }

  private static void generates(Path model) {
    try (var opened = VideoModel.open(model, Device.CPU, Dtype.FLOAT32);
        var video =
            VideoGenerator.start(opened, VideoRequest.of(opened.config(), "a brick room"))) {
      assertThat(video.next().frames()).hasSize(9);
    }
  }
}
