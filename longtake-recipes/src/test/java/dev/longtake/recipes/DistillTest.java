package dev.longtake.recipes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.checkpoint.Manifest;
import dev.longtake.checkpoint.Safetensors;
import dev.longtake.distill.Given;
import dev.longtake.distill.Rehearsal;
import dev.longtake.distill.Sight;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.Recall;
import dev.longtake.rollout.VideoGenerator;
import dev.longtake.rollout.VideoModel;
import dev.longtake.rollout.VideoRequest;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.testkit.TensorAssert;
import dev.longtake.train.CheckpointStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LeakGuard.class)
class DistillTest {
  private static final Path RECIPES = Path.of("..", "recipes");

  /** What makes a committed run file small enough for a test; the model's folder comes besides. */
  private static final Map<String, String> SMALL =
      Map.of(
          "matching.prompts", "2",
          "matching.exit_gradient", "replayed",
          "training.steps", "4",
          "training.generator_every", "2",
          "training.accumulate", "1",
          "training.ema_from", "0",
          "training.log_every", "1",
          "training.save_every", "1",
          "worlds", "5",
          "student.sampling.steps", "2");

  @TempDir static Path shared;
  @TempDir Path folder;

  private static Path model = Path.of("");

  /** A tiny model; none of the transformer's weights is left at 0, or it would predict 0. */
  @BeforeAll
  static void makeModel() throws IOException {
    var out = shared.resolve("tiny");
    TinyRun.with(shared, Map.of("model.memory", "slow-fast:sink=3,slow=3,fast=6"))
        .carryOut(new Workplace(List.of(Device.CPU), out, 1, Ending.at(1), new Ear("")));
    model = out.resolve(TrainModel.MODEL_FOLDER);
    var transformer = model.resolve(VideoModel.TRANSFORMER);
    try (var scope = Scope.open();
        var rng = Rng.seeded(3, Device.CPU)) {
      Map<String, Tensor> weights = new LinkedHashMap<>();
      try (var file = Safetensors.open(transformer)) {
        for (var name : file.names()) {
          var weight = file.read(name).to(Dtype.FLOAT32);
          weights.put(name, weight.plusInPlace(rng.normal(Dtype.FLOAT32, weight.shape()), 0.1));
        }
      }
      Safetensors.write(transformer, weights, Map.of());
    }
  }

  @AfterAll
  static void forget() {
    model = Path.of("");
  }

  private static Map<String, String> stage1() {
    return settings(
        Map.of(
            "matching.lengths.from", "12",
            "matching.lengths.to", "12",
            "matching.window", "12"));
  }

  private static Map<String, String> stage2() {
    return settings(
        Map.of(
            "matching.lengths.from", "15",
            "matching.lengths.to", "21",
            "matching.window", "6",
            "matching.context_frames", "6",
            "matching.rehearsal.share", "0",
            "past", "{}"));
  }

  private static Map<String, String> streaming() {
    return settings(
        Map.of(
            "matching.lengths.from", "9",
            "matching.lengths.to", "21",
            "matching.lengths.every", "6",
            "matching.window", "9"));
  }

  private static Map<String, String> settings(Map<String, String> more) {
    Map<String, String> all = new LinkedHashMap<>(SMALL);
    all.put("student.from", model.toString());
    all.put("matching.earliest_exit", "0");
    all.put("student.memory", "slow-fast:sink=3,slow=3,fast=6");
    all.put("teacher.from", model.toString());
    all.put("matching.guidance", "3"); // or nothing would be learnt in the first step
    all.putAll(more);
    return all;
  }

  @ParameterizedTest
  @ValueSource(strings = {"stage1", "stage2", "streaming"})
  void everyStageLeavesAStudentOfFewStepsThatGenerates(String which) throws Exception {
    var settings =
        switch (which) {
          case "stage1" -> stage1();
          case "stage2" -> stage2();
          default -> streaming();
        };
    var out = folder.resolve("out");
    var ear = train(which, settings, out, "");
    assertThat(ear.steps).hasSize(4);
    assertThat(ear.tags).contains("generator_loss", "critic_loss", "dmdtrain_gradient_norm");
    var student = out.resolve(TrainModel.MODEL_FOLDER);
    var config = ModelConfig.read(student);
    assertThat(config.name()).isEqualTo("longtake-mini-" + which);
    assertThat(config.recall()).isEqualTo(Recall.RECOMPUTED); // as the run files say
    assertThat(config.sampling().sampler().steps()).isEqualTo(2);
    assertThat(config.sampling().kind()).isEqualTo(ModelConfig.SamplerKind.FEW_STEP);
    assertThat(Manifest.read(student).step()).isEqualTo(4);
    assertThat(Manifest.read(student).config()).containsKeys("stage", "matching", "training");
    assertThat(Files.readAllBytes(student.resolve(VideoModel.TRANSFORMER)))
        .isNotEqualTo(Files.readAllBytes(model.resolve(VideoModel.TRANSFORMER)));
    assertThat(student.resolve(VideoModel.VAE))
        .hasSameBinaryContentAs(model.resolve(VideoModel.VAE));
    try (var opened = VideoModel.open(student, Device.CPU, Dtype.FLOAT32);
        var video =
            VideoGenerator.start(opened, VideoRequest.of(opened.config(), "a brick room"))) {
      assertThat(video.next().frames()).hasSize(9);
      assertThat(video.next().frames()).hasSize(12);
    }
  }

  @Test
  void rolloutsAreRecalledAsTheFinishedStudentIs() throws Exception {
    Map<String, byte[]> left = new LinkedHashMap<>();
    for (var recall : Recall.values()) {
      Map<String, String> settings = new LinkedHashMap<>(stage2());
      settings.put("student.recall", recall.name().toLowerCase(Locale.ROOT));
      var out = folder.resolve(recall.name());
      train("stage2", settings, out, "");
      var student = ModelConfig.read(out.resolve(TrainModel.MODEL_FOLDER));
      assertThat(student.recall()).isEqualTo(recall);
      var state = "contextual-dmd/checkpoint-00000004.safetensors";
      left.put(recall.name(), Files.readAllBytes(out.resolve(state)));
    }
    assertThat(left.get("CACHED")).isNotEqualTo(left.get("RECOMPUTED"));
  }

  @Test
  void aRunThatWasKilledGoesOnToTheSameStudent() throws Exception {
    var straight = folder.resolve("straight");
    train("stage2", stage2(), straight, "");
    var broken = folder.resolve("broken");
    assertThatThrownBy(() -> train("stage2", stage2(), broken, "contextual-dmd 2"))
        .hasMessage("killed at contextual-dmd 2");
    var last = train("stage2", stage2(), broken, "");
    assertThat(last.said).contains("resumed contextual-dmd at step 2 of 4");
    assertThat(last.steps).containsExactly("contextual-dmd 2", "contextual-dmd 3");
    for (var file : List.of(VideoModel.TRANSFORMER, ModelConfig.FILE)) {
      var left = Path.of(TrainModel.MODEL_FOLDER, file);
      assertThat(broken.resolve(left)).hasSameBinaryContentAs(straight.resolve(left));
    }
    var state = "contextual-dmd/checkpoint-00000004.safetensors";
    assertThat(broken.resolve(state)).hasSameBinaryContentAs(straight.resolve(state));
    assertThat(train("stage2", stage2(), broken, "").steps).isEmpty();
  }

  @Test
  void videosAreMadeOnTheWayAndTheBestCheckpointStaysBesideTheLast() throws Exception {
    Map<String, String> settings = new LinkedHashMap<>(stage1());
    settings.put("training.keep", "1");
    settings.put("training.keep_best", "generator_loss");
    settings.put("samples", "{every: 3, seconds: 0.5, prompts: [a brick room]}");
    var out = folder.resolve("out");
    train("stage1", settings, out, "");
    try (var list = Files.list(out.resolve(SampleVideos.FOLDER))) {
      assertThat(list.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("00000003.mp4", "00000003.png");
    }
    var store = new CheckpointStore(out.resolve("local-dmd"), "local-dmd", 1, "generator_loss");
    assertThat(store.best()).isPresent();
    assertThat(store.files()).hasSizeBetween(1, 2).contains(store.best().orElseThrow());
    assertThat(store.newestStep()).hasValue(4);

    settings.put("samples", "{every: 3, seconds: 0.5, prompts: ['']}");
    var refused = folder.resolve("refused");
    assertThatThrownBy(() -> train("stage1", settings, refused, ""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("prompt");
    assertThat(refused).doesNotExist();
  }

  @Test
  void aDryRunTellsWhatBothNetworksNeed() throws Exception {
    var place =
        new Workplace(List.of(Device.CPU), folder.resolve("out"), 1, Ending.at(1), new Ear(""));
    var lines = new ArrayList<String>();
    var parent = Files.createDirectories(folder.resolve("tmp"));
    DryRun.in(parent, run("stage1", stage1()), place, lines::add);
    assertThat(lines).hasSize(3);
    assertThat(lines.get(0)).startsWith("local-dmd: 4 steps, 1 batch of 2 rollouts a step, rate ");
    assertThat(lines.get(2)).contains("one step of local-dmd: generator_loss ", ", critic_loss ");
    assertThat(folder.resolve("out")).doesNotExist();
  }

  private static Map<String, String> afterTruePasts() {
    Map<String, String> settings = new LinkedHashMap<>(stage2());
    settings.put(
        "past",
        "{share: 1, made: {from: 6, to: 9, every: 3, over: 1}, returning: 0.5, videos: 3, together: 2}");
    return settings;
  }

  @Test
  void rolloutsMayGoOnFromTrueVideos() throws Exception {
    var straight = folder.resolve("straight");
    var ear = train("stage2", afterTruePasts(), straight, "");
    assertThat(ear.said).contains("filming and encoding 3 worlds");
    assertThat(Manifest.read(straight.resolve(TrainModel.MODEL_FOLDER)).data())
        .isEqualTo("own rollouts, after the beginnings of videos of training worlds 0 to 2");
    var broken = folder.resolve("broken");
    assertThatThrownBy(() -> train("stage2", afterTruePasts(), broken, "contextual-dmd 2"))
        .hasMessage("killed at contextual-dmd 2");
    train("stage2", afterTruePasts(), broken, "");
    var state = "contextual-dmd/checkpoint-00000004.safetensors";
    assertThat(broken.resolve(state)).hasSameBinaryContentAs(straight.resolve(state));
    train("stage2", stage2(), folder.resolve("own"), "");
    var judged = folder.resolve("judged-by-rollout");
    Map<String, String> byRollout = new LinkedHashMap<>(afterTruePasts());
    byRollout.put("past.shown", "rollout");
    train("stage2", byRollout, judged, "");
    for (var other : List.of(folder.resolve("own"), judged)) {
      assertThat(Files.readAllBytes(other.resolve(state)))
          .isNotEqualTo(Files.readAllBytes(straight.resolve(state)));
    }
  }

  @Test
  void someRolloutsMayBeRehearsals() throws Exception {
    Map<String, String> settings = new LinkedHashMap<>(afterTruePasts());
    settings.put("matching.rehearsal.share", "0.5");
    var straight = folder.resolve("straight");
    train("stage2", settings, straight, "");
    assertThat(Manifest.read(straight.resolve(TrainModel.MODEL_FOLDER)).data())
        .isEqualTo(
            "own rollouts, captions of training worlds 0 to 4; after the beginnings of videos of"
                + " training worlds 0 to 2 in a share of 0.5");
    var broken = folder.resolve("broken");
    assertThatThrownBy(() -> train("stage2", settings, broken, "contextual-dmd 2"))
        .hasMessage("killed at contextual-dmd 2");
    train("stage2", settings, broken, "");
    train("stage2", afterTruePasts(), folder.resolve("without"), "");
    var state = "contextual-dmd/checkpoint-00000004.safetensors";
    assertThat(broken.resolve(state)).hasSameBinaryContentAs(straight.resolve(state));
    assertThat(Files.readAllBytes(folder.resolve("without").resolve(state)))
        .isNotEqualTo(Files.readAllBytes(straight.resolve(state)));
  }

  @Test
  void aBidirectionalTeacherIsShownVideosThatBegin() throws Exception {
    for (var context : List.of("contiguous", "memory")) {
      Map<String, String> settings = new LinkedHashMap<>(stage2());
      settings.put("matching.teacher", "bidirectional");
      settings.put("matching.context", context);
      settings.put("matching.critic_context", "none");
      settings.put("matching.context_timestep", "shared");
      settings.put("matching.critic_weight", "bell");
      settings.put("activations", "recomputed");
      settings.put("training.steps", "2");
      settings.put("matching.rehearsal.share", "0.5");
      settings.put("teacher.negative_prompt", "a brick room");
      var out = folder.resolve(context);
      assertThat(train("stage2", settings, out, "").steps).hasSize(2);
    }
  }

  @Test
  void twoDevicesShareAStep() throws Exception {
    Map<String, String> settings = new LinkedHashMap<>(afterTruePasts());
    settings.put("training.steps", "1");
    var pair = List.of(Device.CPU, Device.CPU);
    for (var out : List.of("one", "again")) {
      run("stage2", settings)
          .carryOut(new Workplace(pair, folder.resolve(out), 1, Ending.at(9), new Ear("")));
    }
    train("stage2", settings, folder.resolve("alone"), "");
    var file = VideoModel.TRANSFORMER;
    assertThat(folder.resolve("again").resolve(file))
        .hasSameBinaryContentAs(folder.resolve("one").resolve(file));
    assertThat(Files.readAllBytes(folder.resolve("alone").resolve(file)))
        .isNotEqualTo(Files.readAllBytes(folder.resolve("one").resolve(file)));

    settings.put("past.videos", "1");
    var few = new Workplace(pair, folder.resolve("few"), 1, Ending.at(9), new Ear(""));
    assertThatThrownBy(() -> run("stage2", settings).carryOut(few))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("past.videos is 1, but each of 2 devices needs one; give more");
    assertThat(folder.resolve("few")).doesNotExist();
  }

  @Test
  void theCommittedRunFilesSayWhatThePaperSays() {
    var one = (LocalDmdRun) run("stage1", Map.of());
    assertThat(one.matching().lengths().from()).isEqualTo(21);
    assertThat(one.training().generatorEvery()).isEqualTo(5);
    assertThat(one.teacher().from()).isEqualTo("models/longtake-mini-base");
    assertThat(one.critic().from(one.teacher())).isEqualTo(one.teacher().from());
    assertThat(one.matching().earliestExit()).isEqualTo(2);
    var two = (ContextualDmdRun) run("stage2", Map.of());
    assertThat(two.teacher()).isEqualTo(one.teacher());
    assertThat(two.matching().guidance()).isEqualTo(1);
    assertThat(two.matching().lengths().most(0)).isEqualTo(84);
    assertThat(two.matching().lengths().most(600)).isEqualTo(126);
    assertThat(two.matching().teacher()).isEqualTo(Sight.CAUSAL_WITH_MEMORY);
    assertThat(two.student().sampler().steps()).isEqualTo(4);
    assertThat(two.past().shown()).isEqualTo(Given.Shown.LIKEST);
    assertThat(two.matching().rehearsal()).isEqualTo(new Rehearsal(0.33, 1.5));
    assertThat(one.matching().rehearsal()).isEqualTo(Rehearsal.NONE);
    assertThat(one.past()).isEqualTo(PastKeys.NONE);
    assertThat(run("stage2", Map.of("past", "{}"))).extracting("past").isEqualTo(PastKeys.NONE);
    var three = (StreamingTuningRun) run("streaming", Map.of());
    assertThat(three.matching().teacherFraming().scored()).isEqualTo(18);
  }

  @Test
  void aRunThatIsToldToLeaveOffIsMadeAModelWithoutTrainingAndGoesOnToTheSameWeights()
      throws Exception {
    var asked = new AtomicBoolean();
    var out = folder.resolve("left-off");
    var ear = new Ear("local-dmd 0", () -> asked.set(true));
    assertThatThrownBy(() -> train(stage1(), out, Ending.NEVER.orWhen(asked::get), ear))
        .isInstanceOf(CancellationException.class);
    assertThat(ear.said).last().asString().startsWith("local-dmd: saved at step 2 of ");
    var packing = new Ear("");
    train(stage1(), out, Ending.NEVER.after(Duration.ZERO), packing);
    assertThat(packing.steps).isEmpty();
    var left = out.resolve(TrainModel.MODEL_FOLDER);
    assertThat(Manifest.read(left).step()).isEqualTo(2);

    train("stage1", stage1(), out, "");
    train("stage1", stage1(), folder.resolve("straight"), "");
    assertThat(left.resolve(VideoModel.TRANSFORMER))
        .hasSameBinaryContentAs(
            folder.resolve("straight").resolve("model").resolve(VideoModel.TRANSFORMER));
  }

  private static void train(Map<String, String> settings, Path out, Ending ending, Ear ear) {
    run("stage1", settings).carryOut(new Workplace(List.of(Device.CPU), out, 1, ending, ear));
  }

  @Test
  void promptsMayBeThoseOfAFile() throws IOException {
    var file = Files.writeString(folder.resolve("prompts.txt"), "a red cube\n\na blue cone\n");
    var settings = new HashMap<>(stage1());
    settings.put("prompts", file.toString());
    settings.put("caption_frames", "0");
    settings.put("training.steps", "1");
    var out = folder.resolve("out");

    train("stage1", settings, out, "");

    assertThat(Manifest.read(out.resolve(TrainModel.MODEL_FOLDER)).data())
        .isEqualTo("own rollouts, 2 prompts of " + file);
    settings.put("prompts", folder.resolve("nowhere.txt").toString());
    assertThatThrownBy(() -> train("stage1", settings, folder.resolve("other"), ""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("nowhere.txt")
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
    assertThat(folder.resolve("other")).doesNotExist();

    Files.writeString(file, "a red cube\n" + "a red cube and ".repeat(20) + "a cone\n");
    settings.put("prompts", file.toString());
    assertThatThrownBy(() -> train("stage1", settings, folder.resolve("other"), ""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("tokens");
    settings.put("prompts", "world");
    settings.put("teacher.negative_prompt", "a red cube and ".repeat(20));
    assertThatThrownBy(() -> train("stage1", settings, folder.resolve("other"), ""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("teacher.negative_prompt: ")
        .hasMessageContaining("tokens");
    assertThat(folder.resolve("other")).doesNotExist();
  }

  @Test
  void badValuesAreRefusedInOneLine() {
    refused("stage1", "matching.context", "memory", "local-dmd judges whole rollouts");
    refused("stage2", "matching.context", "none", "critic_context is none or the teacher's");
    refused("stage1", "matching.earliest_exit", "4", "4 passes from 0; give at most 3, not 4");
    refused("stage1", "matching.earliest_exit", "-1", "earliest_exit must be at least 0");
    refused("stage2", "matching.rehearsal.share", "2", "rehearsal.share must be 0 to 1");
    refused("stage2", "matching.rehearsal.share", "1", "matching.rehearsal.share is 1, so that no");
    refused("stage1", "matching.rehearsal", "{share: 0.5, guidance: 1}", "longer than the judged");
    refused("streaming", "matching.rehearsal", "{share: 0.5, guidance: 1}", "nothing to rehearse");
    refused("stage2", "matching.guidance", "0.5", "prompts and guidance must be at least 1");
    refused("stage2", "matching.teacher", "clairvoyant", "matching.teacher is 'clairvoyant'; give");
    refused("stage2", "student.sampling.kind", "euler", "a student samples with kind few_step");
    refused("stage2", "student.memory", "context-forcing-released", "decides in every pass");
    refused(
        "stage1", "student.memory", "sliding-window:2", "student: memory is 'sliding-window:2': a");
    refused("stage1", "matching.lead", "3", "local-dmd has one prompt and scores the whole window");
    refused("stage2", "matching.lead", "3", "contextual-dmd has one prompt");
    refused("stage2", "worlds", "0", "worlds of at least 1");
    refused("stage2", "caption_frames", "125", "give at least the longest rollout, 126");
    refused("stage2", "prompts", "some.txt", "with prompts: world, or leave it out");
    refused("stage2", "past.share", "1.5", "past.share and past.returning must be 0 to 1");
    refused("stage2", "past.share", "0", "past.share is 0, so that no rollout goes on from a true");
    refused("stage2", "past.videos", "0", "past.videos and past.together must be at least 1");
    refused("stage2", "past.made.from", "18", "give at least the judged 21");
    refused("stage2", "past.made.to", "84", "less than the shortest rollout, 84");
    refused("streaming", "matching.context", "memory", "streaming-tuning shows its teacher the");
    refused("streaming", "matching.lead", "21", "the lead below the window");
    refused("streaming", "matching.lengths.every", "3", "multiple of the 18 new frames");
    refused("stage2", "training.accumulate", "0", "accumulate");
    refused("stage2", "matching.windw", "3", "did you mean window?");
  }

  private static void refused(String which, String key, String value, String because) {
    assertThatThrownBy(() -> run(which, Map.of(key, value)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(because)
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
  }

  /** By rates at which no weight moves, what was begun with is what is saved. */
  @Test
  void theCriticBeginsAsTheModelThatIsNamedOrElseAsTheTeacher() throws Exception {
    var other = another("other");
    Map<String, String> still = new LinkedHashMap<>(stage1());
    still.put("student.from", other.toString());
    still.put("training.steps", "1");
    still.put("training.generator.rate.peak", "1e-30");
    still.put("training.critic.rate.peak", "1e-30");
    var named = new LinkedHashMap<>(still);
    named.put("critic.from", other.toString());
    var same = new LinkedHashMap<>(still);
    same.put("student.from", model.toString());
    train("stage1", named, folder.resolve("named"), "");
    train("stage1", still, folder.resolve("left-out"), "");
    train("stage1", same, folder.resolve("same"), "");

    try (var scope = Scope.open();
        var withKey = begun("named");
        var without = begun("left-out");
        var teachers = begun("same")) {
      var critic = withKey.read("critic.values");
      TensorAssert.assertThat(critic).isBitwiseEqualTo(withKey.read("generator.values"));
      var asTeacher = without.read("critic.values");
      TensorAssert.assertThat(asTeacher).isBitwiseEqualTo(teachers.read("generator.values"));
      assertThat(critic.minus(asTeacher).abs().max().item()).isPositive();
    }
  }

  /** The same model but for its transformer's weights. */
  private Path another(String name) throws IOException {
    var copy = Files.createDirectories(folder.resolve(name));
    try (var files = Files.list(model)) {
      for (var file : files.toList()) {
        Files.copy(file, copy.resolve(file.getFileName()));
      }
    }
    TinyFolder.transformer(copy, 7);
    return copy;
  }

  private Safetensors begun(String run) {
    return Safetensors.open(folder.resolve(run, "local-dmd", "checkpoint-00000001.safetensors"));
  }

  @Test
  void nothingDrivesAStudentWhoseTeacherAndCriticAreTheSameUnguided() throws Exception {
    Map<String, String> settings = new LinkedHashMap<>(stage1());
    settings.put("training.steps", "1");
    settings.put("matching.guidance", "1");
    train("stage1", settings, folder.resolve("still"), "");
    assertThat(firstDirection("still")).isZero();

    settings.put("critic.from", another("other").toString());
    train("stage1", settings, folder.resolve("driven"), "");
    assertThat(firstDirection("driven")).isPositive();
  }

  private double firstDirection(String run) {
    return Manifest.read(folder.resolve(run, TrainModel.MODEL_FOLDER))
        .losses()
        .get("local-dmd.dmdtrain_gradient_norm");
  }

  @ParameterizedTest
  @ValueSource(strings = {"student.from", "teacher.from", "critic.from"})
  void aFolderWithoutAModelIsRefusedAndNothingIsLeft(String key) {
    Map<String, String> settings = new LinkedHashMap<>(stage2());
    settings.put(key, folder.resolve("nothing").toString());
    var out = folder.resolve("out");
    assertThatThrownBy(() -> train("stage2", settings, out, ""))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(key + ": there is no folder '")
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
    assertThat(out).doesNotExist();
  }

  @Test
  void aCriticOfOtherTextIsRefused() throws Exception {
    var other = another("other");
    var config = Files.readString(other.resolve(ModelConfig.FILE));
    Files.writeString(
        other.resolve(ModelConfig.FILE),
        config.replaceFirst("\"text_len\" : \\d+", "\"text_len\" : 7"));
    Map<String, String> settings = new LinkedHashMap<>(stage1());
    settings.put("critic.from", other.toString());
    assertThatThrownBy(() -> train("stage1", settings, folder.resolve("out"), ""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("and the critic's " + other + " differ in autoencoder or text")
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
    assertThat(folder.resolve("out")).doesNotExist();
  }

  private static Run run(String which, Map<String, String> settings) {
    return RunFiles.read(RECIPES.resolve("longtake-mini-" + which + ".yaml"), settings);
  }

  private static Ear train(String which, Map<String, String> settings, Path out, String end) {
    var ear = new Ear(end);
    run(which, settings).carryOut(new Workplace(List.of(Device.CPU), out, 1, Ending.NEVER, ear));
    return ear;
  }
}
