package dev.longtake.recipes;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.checkpoint.Manifest;
import dev.longtake.checkpoint.Safetensors;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.VideoModel;
import dev.longtake.teacher.ContextLayout;
import dev.longtake.teacher.ContextTeacher;
import dev.longtake.teacher.TeacherContinuation;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.train.ContextTimestep;
import dev.longtake.train.TrainingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakGuard.class)
class TrainTeacherTest {
  static final String YAML =
      """
      stage: context-teacher
      name: tiny-teacher
      from: FROM
      dtype: bfloat16
      footage: {videos: 2, latent_frames: 24, together: 2, memories: ["slow-fast:sink=3,slow=3,fast=6"]}
      layout: {sink: 3, sparse: 2, spread: strided, reach: 6, motion: 3, target: 6}
      selection: windows
      batch: 2
      least: 9
      recycling: {shift: 5, noise: 0.5, target: 0.9, context: 0.9, clean: 0.2, clean_kept: 0.1,
        modulation: 0, drift: context, bookkeeping: correct, context_timestep: zero, prompt_dropout: 0.1}
      banks: {levels: 3, shift: 5, per_level: 2, megabytes: 1, replacement: l2_batch, dtype: float32}
      warmup: 1
      sampling: {kind: euler, steps: 2, shift: 5, guidance: 5}
      training:
        seed: 4
        steps: 4
        rate: {peak: 1.0e-2, warmup: 1, steps: 4, floor: 0.1}
        adam: {beta1: 0.9, beta2: 0.99, eps: 1.0e-8, weight_decay: 0.01}
        clip: 1.0
        ema_decay: 0.9
        log_every: 1
        save_every: 2
      """;

  private static final ContextLayout LAYOUT =
      new ContextLayout(3, 2, ContextLayout.Spread.STRIDED, 6, 3, 6);

  @TempDir static Path models;
  @TempDir Path folder;

  /** A model to start from. */
  @BeforeAll
  static void trainAModel() throws IOException {
    TinyRun.with(models, Map.of())
        .carryOut(new Workplace(List.of(Device.CPU), models, 1, Ending.at(1), new Ear("")));
  }

  private static Path model() {
    return models.resolve(TrainModel.MODEL_FOLDER);
  }

  @Test
  void aRunLeavesAModelThatContinuesAVideoAndSaysItsStage() throws Exception {
    var out = folder.resolve("out");
    var ear = train(out, Map.of(), "");
    assertThat(ear.steps)
        .containsExactly(
            "context-teacher 0", "context-teacher 1", "context-teacher 2", "context-teacher 3");

    var made = out.resolve(TrainModel.MODEL_FOLDER);
    var manifest = Manifest.read(made);
    assertThat(manifest.config()).containsEntry("stage", "context-teacher");
    assertThat(manifest.config().get("layout").toString()).contains("reach=6", "motion=3");
    assertThat(manifest.step()).isEqualTo(4);
    assertThat(manifest.losses())
        .containsKeys("context-teacher.loss", "context-teacher.teacher/flow");
    assertThat(ModelConfig.read(made).name()).isEqualTo("tiny-teacher");
    assertThat(ModelConfig.read(made).sampling().guidance()).isEqualTo(5);
    for (var same : List.of(VideoModel.VAE, VideoModel.TEXT_ENCODER, VideoModel.TOKENIZER)) {
      assertThat(made.resolve(same)).hasSameBinaryContentAs(model().resolve(same));
    }
    assertThat(
            Files.mismatch(
                made.resolve(VideoModel.TRANSFORMER), model().resolve(VideoModel.TRANSFORMER)))
        .isNotNegative();

    try (var scope = Scope.open();
        var opened = VideoModel.open(made, Device.CPU, Dtype.FLOAT32);
        var video = continuation(opened, 1)) {
      video.remember(latents(9));
      assertThat(video.next()).hasShape(1, 2, 6, 2, 4).isFinite();
      assertThat(video.frames()).isEqualTo(15);
    }
  }

  @Test
  void layersThatAreRunAgainGoingBackwardsGiveTheSameWeightsAndErrors() throws Exception {
    train(folder.resolve("kept"), Map.of(), "");
    train(folder.resolve("again"), Map.of("activations", "recomputed"), "");
    var state = Path.of("context-teacher", "checkpoint-00000004.safetensors");
    assertThat(folder.resolve("again").resolve(state))
        .hasSameBinaryContentAs(folder.resolve("kept").resolve(state));
  }

  @Test
  void aRunThatWasKilledGoesOnToTheSameWeightsAndErrors() throws Exception {
    var straight = folder.resolve("straight");
    train(straight, Map.of(), "");
    var broken = folder.resolve("broken");
    assertThatThrownBy(() -> train(broken, Map.of(), "context-teacher 2"))
        .hasMessage("killed at context-teacher 2");
    assertThat(train(broken, Map.of(), "").steps)
        .containsExactly("context-teacher 2", "context-teacher 3");
    assertThat(transformer(broken)).hasSameBinaryContentAs(transformer(straight));
    var state = Path.of("context-teacher", "checkpoint-00000004.safetensors");
    assertThat(broken.resolve(state)).hasSameBinaryContentAs(straight.resolve(state));
    try (var file = Safetensors.open(straight.resolve(state))) {
      assertThat(file.names())
          .contains("carried.errors.0.inserted")
          .anyMatch(name -> name.startsWith("carried.errors.0.clean_end."));
    }
  }

  @Test
  void aFinishedRunIsNotDoneAgain() throws Exception {
    var out = folder.resolve("out");
    train(out, Map.of(), "");
    var before = Files.getLastModifiedTime(transformer(out));
    var again = train(out, Map.of(), "");
    assertThat(again.steps).isEmpty();
    assertThat(again.said)
        .contains("resumed context-teacher at step 4 of 4")
        .noneMatch(text -> text.contains("filming"));
    assertThat(Files.getLastModifiedTime(transformer(out))).isEqualTo(before);

    var made = out.resolve(TrainModel.MODEL_FOLDER);
    train(out, Map.of("sampling.steps", "7"), ""); // no weight changes, but the model's file does
    assertThat(ModelConfig.read(made).sampling().steps()).isEqualTo(7);
  }

  @Test
  void aTrialsModelIsReplacedByTheRunsAlsoIfItWasKilledBeforeItCouldBeLeft() throws Exception {
    var out = folder.resolve("out");
    train(out, Map.of("training.steps", "2"), "");
    assertThat(Manifest.read(out.resolve(TrainModel.MODEL_FOLDER)).step()).isEqualTo(2);
    train(folder.resolve("whole"), Map.of(), "");
    var last = Path.of("context-teacher", "checkpoint-00000004.safetensors");
    Files.copy(folder.resolve("whole").resolve(last), out.resolve(last)); // all that was left
    assertThat(train(out, Map.of(), "").steps).isEmpty();
    assertThat(Manifest.read(out.resolve(TrainModel.MODEL_FOLDER)).step()).isEqualTo(4);
    assertThat(transformer(out)).hasSameBinaryContentAs(transformer(folder.resolve("whole")));
  }

  @Test
  void aRunSharedByTwoDevicesIsRepeatableAndKeepsTheErrorsOfBoth() throws Exception {
    var pair = List.of(Device.CPU, Device.CPU);
    train(folder.resolve("first"), Map.of(), "", pair);
    train(folder.resolve("second"), Map.of(), "", pair);
    train(folder.resolve("alone"), Map.of(), "");
    assertThat(transformer(folder.resolve("second")))
        .hasSameBinaryContentAs(transformer(folder.resolve("first")));
    assertThat(
            Files.mismatch(
                transformer(folder.resolve("alone")), transformer(folder.resolve("first"))))
        .isNotNegative();
    assertThatThrownBy(() -> train(folder.resolve("first"), Map.of("training.steps", "6"), ""))
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining("the errors of 2 devices, this run has 1");
  }

  @Test
  void aMemoryMayChooseTheContextAndTheReleasedRulesMayRule() throws Exception {
    var ear =
        train(
            folder.resolve("out"),
            Map.of(
                "selection", "memory",
                "least", "3",
                "recycling.drift", "motion",
                "recycling.bookkeeping", "released",
                "recycling.context_timestep", "shared",
                "banks.replacement", "fifo"),
            "");
    assertThat(ear.steps).hasSize(4);
  }

  @Test
  void aContinuationIsWindowsFromTheLayoutsFramesAndForgetsWhatNoneCanSee() throws Exception {
    var awake = folder.resolve("awake");
    wake(awake);
    try (var scope = Scope.open();
        var off = Gradients.off();
        var opened = VideoModel.open(awake, Device.CPU, Dtype.FLOAT32);
        var video = continuation(opened, 3)) {
      var all = latents(9);
      video.remember(all);
      var network = opened.transformer();
      var states = opened.text().encode("a brick room");
      var prompt = network.read(states);
      var empty = network.read(states.times(0));
      var teacher = new ContextTeacher(network, ContextTimestep.ZERO, Dtype.FLOAT32);
      for (int window = 0; window < 4; window++) {
        var placement = LAYOUT.at(9 + 6 * window);
        var parts = new ArrayList<Tensor>();
        for (int frame : placement.context()) {
          parts.add(all.narrow(2, frame, 1));
        }
        try (var rng = Rng.seeded(Device.CPU, 3, window)) {
          var expected =
              teacher.generate(
                  Tensor.cat(parts, 2),
                  placement.parts(),
                  prompt,
                  empty,
                  5,
                  opened.config().sampling().sampler(),
                  rng.normal(Dtype.FLOAT32, 1, 2, 6, 2, 4),
                  rng);
          var next = video.next();
          assertThat(next).isBitwiseEqualTo(expected);
          all = Tensor.cat(List.of(all, next), 2);
        }
      }
      assertThat(video.frames()).isEqualTo(33);
    }
  }

  @Test
  void tooLittleToContinueFromIsRefused() {
    try (var scope = Scope.open();
        var opened = VideoModel.open(model(), Device.CPU, Dtype.FLOAT32);
        var video = continuation(opened, 1)) {
      video.remember(latents(3));
      assertThatThrownBy(video::next)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("need 6 latent frames before a target, there are 3");
    }
  }

  @Test
  void badValuesAreRefusedInOneLineBeforeAnythingIsDone() {
    refused(Map.of("layout.target", "7"), "target must be a multiple of the chunk of 3, not 7");
    refused(
        Map.of("footage.latent_frames", "12"),
        "teacher.yaml: clips of 12 latent frames hold no context of at least 9 and a target of 6");
    refused(Map.of("least", "5"), "least is 5 latent frames before a target");
    refused(Map.of("layout.reach", "7"), "reach must be a multiple of");
    refused(Map.of("recycling.target", "1.5"), "in [0, 1], not");
    refused(Map.of("warmup", "-2"), "warmup must be at least -1, not -2");
    refused(Map.of("batch", "0"), "batch and least must be at least 1, not 0");
    refused(Map.of("dtype", "int64"), "dtype must be a real one");
    refused(Map.of("name", "''"), "name and from must not be empty");
    refused(
        Map.of("footage.videos", "0"),
        "footage.videos and footage.together must be at least 1, not 0 and 2");
    refused(
        Map.of("data", "cache:x"),
        "footage.videos and footage.together are 2 and 2, but data is not the world; leave");
    refused(
        Map.of("data", "cache:x", "footage", "{latent_frames: 24}", "selection", "memory"),
        "name at least one with selection: memory");
    refused(
        Map.of("data", "cache:x", "footage", "{latent_frames: 24, memories: [longlive]}"),
        "none with selection: windows");
    refused(Map.of("footage.openings", "1"), "unknown key footage.openings");
    refused(Map.of("banks.levels", "10000"), "megabytes is 1, one error in each of 2 x 10000");
    assertThatThrownBy(() -> train(folder.resolve("out"), Map.of("from", "nowhere"), ""))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("from: there is no folder 'nowhere'");
    assertThat(folder.resolve("out")).doesNotExist();
  }

  private void refused(Map<String, String> settings, String because) {
    assertThatThrownBy(() -> train(folder.resolve("out"), settings, ""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(because)
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
    assertThat(folder.resolve("out")).doesNotExist();
  }

  private Ear train(Path out, Map<String, String> settings, String end) throws IOException {
    return train(out, settings, end, List.of(Device.CPU));
  }

  private Ear train(Path out, Map<String, String> settings, String end, List<Device> devices)
      throws IOException {
    var file = folder.resolve("teacher.yaml");
    Files.writeString(file, YAML.replace("FROM", model().toString()));
    var ear = new Ear(end);
    RunFiles.read(file, settings).carryOut(new Workplace(devices, out, 1, Ending.NEVER, ear));
    return ear;
  }

  private static Path transformer(Path out) {
    return out.resolve(TrainModel.MODEL_FOLDER).resolve(VideoModel.TRANSFORMER);
  }

  private static TeacherContinuation continuation(VideoModel model, long seed) {
    return new TeacherContinuation(
        model,
        LAYOUT,
        ContextTimestep.ZERO,
        "a brick room",
        new ModelConfig.Sampling(
            ModelConfig.SamplerKind.EULER,
            model.config().sampling().steps(),
            model.config().sampling().shift(),
            5),
        seed);
  }

  private static Tensor latents(int frames) {
    try (var scope = Scope.open();
        var rng = Rng.seeded(8, Device.CPU)) {
      return scope.keep(rng.normal(Dtype.FLOAT32, 1, 2, frames, 2, 4));
    }
  }

  /** A copy of the model whose hardly trained transformer predicts more than nothing. */
  private static void wake(Path to) throws IOException {
    Files.createDirectories(to);
    try (var files = Files.list(model())) {
      for (var file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
    try (var scope = Scope.open();
        var rng = Rng.seeded(2, Device.CPU);
        var file = Safetensors.open(model().resolve(VideoModel.TRANSFORMER))) {
      var louder = new LinkedHashMap<String, Tensor>();
      for (var name : file.names()) {
        var weight = file.read(name).to(Dtype.FLOAT32);
        louder.put(name, weight.plus(rng.normal(Dtype.FLOAT32, weight.shape()).times(0.2)));
      }
      Safetensors.write(to.resolve(VideoModel.TRANSFORMER), louder, Map.of());
    }
  }
}
