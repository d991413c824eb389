package dev.longtake.recipes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.memory.MemoryPolicies;
import dev.longtake.optim.RateSchedule;
import dev.longtake.rollout.ModelConfig.SamplerKind;
import dev.longtake.tensor.Dtype;
import dev.longtake.text.WordTokenizerFile;
import dev.longtake.train.Activations;
import dev.longtake.world.Caption;
import dev.longtake.world.Clip;
import dev.longtake.world.Split;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunFilesTest {
  private static final Path RECIPES = Path.of("..", "recipes");

  @TempDir Path folder;

  @Test
  void everyCommittedRunFileCanBeRead() throws Exception {
    try (var files = Files.list(RECIPES)) {
      var all = files.filter(file -> file.toString().endsWith(".yaml")).toList();
      assertThat(all).isNotEmpty();
      for (var file : all) {
        assertThat(RunFiles.read(file, Map.of()).name()).as(file.toString()).isNotBlank();
      }
    }
  }

  @Test
  void theBundledModelsRunFileSaysWhatItSays() {
    var run = mini();
    assertThat(run.model().name()).isEqualTo("longtake-mini-base");
    assertThat(run.model().transformer().numLayers()).isEqualTo(6);
    assertThat(run.model().policy()).isEqualTo(MemoryPolicies.CONTEXT_FORCING_REDUNDANT);
    assertThat(run.model().sampling().kind()).isEqualTo(SamplerKind.EULER);
    assertThat(run.dtype()).isEqualTo(Dtype.BFLOAT16);
    assertThat(run.vae().divergenceWeight()).isEqualTo(1e-4);
    assertThat(run.footage().memories()).hasSize(4).contains("slow-fast:threshold=2");
    assertThat(run.causal().curriculum().forcedFrames()).isEqualTo(12);
  }

  @Test
  void theBundledModelHasRoomForEveryWordAndEveryCaption() {
    var model = mini().model();
    assertThat(model.textEncoder().vocab())
        .isEqualTo(new WordTokenizerFile(Caption.vocabulary()).size());
    for (int i = 0; i < 200; i++) {
      var caption = Clip.of(Split.TRAIN.seed(i), 9).caption();
      assertThat(WordTokenizerFile.split(caption))
          .as(caption)
          .hasSizeLessThan(model.transformer().textLen());
    }
  }

  private static TrainingRun mini() {
    return (TrainingRun) RunFiles.read(RECIPES.resolve("longtake-mini.yaml"), Map.of());
  }

  @Test
  void theKindOfRunIsSaidAndKnown() throws Exception {
    refusedText(
        TinyRun.YAML.replace("stage: from-nothing\n", ""),
        "key stage is missing; give one of [backbone");
    refused(Map.of("stage", "from-memory"), "unknown stage 'from-memory'; give one of [");
  }

  @Test
  void settingsReplaceValuesOfEveryKind() throws Exception {
    var run =
        TinyRun.with(
            folder,
            Map.of(
                "vae.training.steps", "7",
                "causal.objective.context_noise", "0.5",
                "model.name", "other name",
                "model.memory", "sink-window:sink=3,frames=12,positions=by-slot",
                "model.sampling.kind", "few_step",
                "footage.memories", "[slow-fast-redundant]",
                "causal.training.rate", "{peak: 0.5, warmup: 0, steps: 9, floor: 1}"));
    assertThat(run.vae().training().steps()).isEqualTo(7);
    assertThat(run.causal().objective().contextNoise()).isEqualTo(0.5);
    assertThat(run.model().name()).isEqualTo("other name");
    assertThat(run.model().policy()).isEqualTo(MemoryPolicies.parse(run.model().memory()));
    assertThat(run.model().sampling().kind()).isEqualTo(SamplerKind.FEW_STEP);
    assertThat(run.footage().memories()).containsExactly("slow-fast-redundant");
    assertThat(run.causal().training().rate().at(3)).isEqualTo(0.5);
    assertThat(run.decoder()).isEqualTo(TinyRun.with(folder, Map.of()).decoder());
  }

  @Test
  void aKeyCanBeSetOfARecordThatWasSetWithoutIt() throws Exception {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("causal.samples", "{every: 5, seconds: 2, prompts: [a room]}");
    settings.put("causal.training.rate", "{peak: 0.5, warmup: 0, steps: 9, floor: 1}");
    settings.put("causal.training.rate.shape", "linear");
    var run = TinyRun.with(folder, settings);
    assertThat(run.causal().training().rate().shape()).isEqualTo(RateSchedule.Shape.LINEAR);
    assertThat(run.causal().samples().every()).isEqualTo(5);
  }

  @Test
  void aKeyThatMayBeLeftOutHasItsUsualValueAndCanBeSet() throws Exception {
    var run = TinyRun.with(folder, Map.of());
    assertThat(run.vaeFrom()).isEmpty();
    assertThat(run.causal().samples().every()).isZero();
    assertThat(run.causal().activations()).isEqualTo(Activations.KEPT);
    assertThat(run.causal().training().accumulate()).isEqualTo(1);
    assertThat(run.causal().training().keep()).isEqualTo(2);
    assertThat(run.causal().training().keepBest()).isEmpty();
    assertThat(run.causal().training().rate().shape()).isEqualTo(RateSchedule.Shape.COSINE);

    var other =
        TinyRun.with(
            folder,
            Map.of(
                "vae_from", "models/some",
                "causal.samples.prompts", "[a room]",
                "causal.samples.every", "5",
                "causal.activations", "recomputed",
                "causal.training.accumulate", "4",
                "causal.training.keep_best", "loss",
                "causal.training.rate.shape", "linear"));
    assertThat(other.vaeFrom()).isEqualTo("models/some");
    assertThat(other.causal().samples().prompts()).containsExactly("a room");
    assertThat(other.causal().samples().seconds()).isEqualTo(4);
    assertThat(other.causal().activations()).isEqualTo(Activations.RECOMPUTED);
    assertThat(other.causal().training().accumulate()).isEqualTo(4);
    assertThat(other.causal().training().rate().shape()).isEqualTo(RateSchedule.Shape.LINEAR);
    refused(Map.of("causal.training.acumulate", "4"), "did you mean accumulate?");
    refused(Map.of("causal.training.accumulate", "0"), "accumulate and keep must be at least 1");
    refused(Map.of("causal.samples.seconds", "0"), "seconds above 0");
  }

  @Test
  void anUnknownSettingSuggestsTheNearestKey() throws Exception {
    refused(
        Map.of("vae.trainin.steps", "7"), "unknown key vae.trainin.steps; did you mean training?");
    refused(Map.of("vae.training.step", "7"), "did you mean steps?");
    refused(Map.of("decoder.divergence_weight", "0"), "unknown key decoder.divergence_weight");
    refused(Map.of("decoder.lengths", "[6]"), "decoder.lengths must be 4k + 1 and at most the");
    refused(Map.of("vae.lengths", "[6]"), "vae.lengths must be 4k + 1 and at most the");
    refused(
        Map.of("decoder.columns", "8"), "decoder needs worlds of at least 1 and columns of 16k");
    refused(Map.of("modle.name", "x"), "did you mean model?");
    refused(Map.of("vae.worlds.size", "7"), "unknown key vae.worlds.size");
    refused(
        Map.of("footage.memories.0", "full"),
        "unknown key footage.memories.0: footage.memories is a list; give all of it");
    refused(Map.of("dtype.", "float32"), "unknown key dtype.");
    refused(Map.of("", "1"), "the setting '=1' names no key; give KEY=VALUE");
  }

  @Test
  void anUnknownKeyInTheFileSuggestsTheNearest() throws Exception {
    refusedText(
        TinyRun.YAML.replace("save_every: 2", "save_evry: 2"),
        "unknown key vae.training.save_evry; did you mean save_every?");
    refusedText(TinyRun.YAML + "extra: 1\n", "unknown key extra");
  }

  @Test
  void aMissingKeyIsNamed() throws Exception {
    refusedText(TinyRun.YAML.replace("  worlds: 2\n", ""), "key vae.worlds is missing");
    refusedText(TinyRun.YAML.replace("dtype: bfloat16\n", ""), "key dtype is missing");
  }

  @Test
  void everyCommittedRunFileIsWholeAndNamedAfterItsModel() throws Exception {
    try (var files = Files.list(RECIPES)) {
      var all = files.filter(file -> file.toString().endsWith(".yaml")).toList();
      assertThat(all).hasSizeGreaterThan(15);
      for (var file : all) {
        assertThat(file.getFileName().toString())
            .startsWith(
                RunFiles.read(file, Map.of())
                    .name()
                    .replaceFirst("-(base|causal|ode-student)$", ""));
      }
    }
  }

  @Test
  void aKeyGivenTwiceIsRefused() throws Exception {
    refusedText(TinyRun.YAML + "dtype: float32\n", "key 'dtype' is there twice; leave one");
  }

  @Test
  void aValueOfTheWrongTypeIsRefusedNamingItsKey() throws Exception {
    refused(
        Map.of("vae.training.steps", "many"), "vae.training.steps is 'many'; give a whole number");
    refused(Map.of("vae.training.steps", "1.5"), "vae.training.steps is 1.5; give a whole number");
    refused(Map.of("vae.training.steps", "[1]"), "vae.training.steps is a list; give a whole");
    refused(Map.of("vae.training.steps", "null"), "vae.training.steps is null; give a whole");
    refused(Map.of("vae.training", "3"), "vae.training is 3; give keys and values for seed, steps");
    refused(Map.of("vae.training.rate.peak", "fast"), "rate.peak is 'fast'; give a number");
    refused(Map.of("model.recall", "0"), "model.recall is 0; give cached or recomputed");
    refused(
        Map.of("dtype", "bfloat17"),
        "dtype is 'bfloat17'; give float64 or float32 or bfloat16 or float16");
    refused(
        Map.of("footage.memories", "{a: 1}"), "footage.memories is keys and values; give a list");
  }

  @Test
  void aSettingThatIsNoValueIsRefusedNamingItsKey() throws Exception {
    refused(Map.of("vae.training.steps", ""), "vae.training.steps is set to nothing");
    refused(Map.of("footage.memories", "[full"), "footage.memories: '[full' is not a YAML value");
  }

  @Test
  void valuesThatDoNotFitOneAnotherAreRefusedBeforeAnythingRuns() throws Exception {
    refused(Map.of("vae.columns", "48"), "columns of 48 (vae) and 32 (decoder)", "width 32");
    refused(Map.of("vae.lengths", "[6]"), "lengths must be 4k + 1");
    refused(Map.of("dtype", "int64"), "dtype must be a real one");
    refused(Map.of("footage.memories", "[forgetful]"), "forgetful");
    refused(Map.of("footage.memories", "[longlive]"), "cannot share a batch");
    refused(Map.of("footage.latent_frames", "3"), "footage of 3 latent frames is too short");
    refused(Map.of("causal.forced_frames", "18"), "this curriculum needs at least 18");
    refused(Map.of("causal.first", "0.9"), "add up to at most 1");
    refused(Map.of("causal.training.ema_decay", "1"), "ema_decay must be in [0, 1)");
    refused(Map.of("model.transformer.in_dim", "3"), "latent channels (in_dim)");
    refused(Map.of("model.memory", "none"), "none");
    refusedText(
        TinyRun.YAML.replace("model:\n", "model:\n  unconditional: prompt\n"),
        "model.unconditional is prompt",
        "make it zeros");
  }

  @Test
  void whatIsNoRunFileIsRefusedNamingTheFile() throws Exception {
    assertThatThrownBy(() -> RunFiles.read(folder.resolve("absent.yaml"), Map.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("absent.yaml does not exist; see recipes/");
    refusedText("", "it is not a run file: it has no keys");
    refusedText("- a\n- b\n", "it is not a run file: it has no keys");
    refusedText("a: [1\n", "it is not a run file: line ", "expected ',' or ']'");
  }

  @Test
  void theDistanceOfWordsIsTheNumberOfEdits() {
    assertThat(RunKeys.distance("", "abc")).isEqualTo(3);
    assertThat(RunKeys.distance("steps", "steps")).isZero();
    assertThat(RunKeys.distance("kitten", "sitting")).isEqualTo(3);
    assertThat(RunKeys.distance("stpes", "steps")).isEqualTo(2);
  }

  private void refused(Map<String, String> settings, String... told) throws Exception {
    var file = Files.writeString(folder.resolve("tiny.yaml"), TinyRun.YAML);
    assertThatThrownBy(() -> RunFiles.read(file, settings))
        .isInstanceOf(IllegalArgumentException.class)
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1))
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("dev.longtake", "Json", "`"))
        .extracting(Throwable::getMessage)
        .asString()
        .contains(told);
  }

  private void refusedText(String yaml, String... told) throws Exception {
    var file = Files.writeString(folder.resolve("broken.yaml"), yaml);
    assertThatThrownBy(() -> RunFiles.read(file, Map.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("broken.yaml")
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1))
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("dev.longtake", "Json", "`"))
        .extracting(Throwable::getMessage)
        .asString()
        .contains(told);
  }
}
