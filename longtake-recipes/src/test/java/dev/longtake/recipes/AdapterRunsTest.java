package dev.longtake.recipes;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.checkpoint.AdapterFolder;
import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.checkpoint.LowRank;
import dev.longtake.checkpoint.Manifest;
import dev.longtake.checkpoint.Safetensors;
import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.train.TrainingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Runs whose file has the key {@code adapter}. */
@ExtendWith(LeakGuard.class)
class AdapterRunsTest {
  private static final Map<String, String> ADAPTER =
      Map.of("adapter", "{rank: 2, alpha: 3, targets: [q, v, ffn.2]}");
  private static final int FACTORS = 2 * 5; // of one layer: q and v twice, ffn.2

  @TempDir Path folder;
  private Path model;

  @BeforeEach
  void writeAModel() throws IOException {
    model = TinyFolder.model(folder.resolve("model"), 1);
  }

  @Test
  void aTeachersAdapterIsLeftAndItsMergedModelIsPacked() throws Exception {
    var out = folder.resolve("out");

    var ear = teacher(out, ADAPTER, "");

    assertThat(ear.steps).hasSize(4);
    assertLeft(out, out.resolve("context-teacher/checkpoint-00000004.safetensors"), "values");
    assertThat(Manifest.read(packed(out)).config().get("adapter").toString())
        .contains("rank=2", "alpha=3.0");
    try (var opened = VideoModel.open(packed(out), Device.CPU, Dtype.FLOAT32)) {
      assertThat(opened.config().name()).isEqualTo("tiny-teacher");
    }
  }

  @Test
  void aTeachersRunThatWasKilledGoesOnToTheSameFactorsAndErrors() throws Exception {
    teacher(folder.resolve("straight"), ADAPTER, "");
    var broken = folder.resolve("broken");
    assertThatThrownBy(() -> teacher(broken, ADAPTER, "context-teacher 2"))
        .hasMessage("killed at context-teacher 2");
    assertThat(teacher(broken, ADAPTER, "").steps)
        .containsExactly("context-teacher 2", "context-teacher 3");
    assertSame("straight", "broken", "context-teacher/checkpoint-00000004.safetensors");
    assertSame("straight", "broken", "adapter/adapter_model.safetensors");
    assertSame("straight", "broken", "model/transformer.safetensors");

    var again = new TreeMap<>(ADAPTER);
    again.put("activations", "recomputed");
    teacher(folder.resolve("again"), again, "");
    assertSame("straight", "again", "context-teacher/checkpoint-00000004.safetensors");
  }

  @Test
  void aRunDoesNotGoOnWithAnotherModelUnderItsAdapterOrWithout() throws Exception {
    var out = folder.resolve("out");
    teacher(out, Map.of("adapter", "{rank: 2, alpha: 3}", "training.steps", "2"), "");
    assertThatThrownBy(() -> teacher(out, Map.of("adapter", "{rank: 4, alpha: 3}"), ""))
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining("this model has")
        .hasMessageContaining("give another output folder");
    assertThatThrownBy(() -> teacher(out, Map.of(), ""))
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining("give another output folder");
    TinyFolder.transformer(model, 2);
    assertThatThrownBy(() -> teacher(out, Map.of("adapter", "{rank: 2, alpha: 3}"), ""))
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining("the checkpoint's adapter was trained on other weights than " + model)
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
  }

  @Test
  void aStudentAndItsCriticLearnByAdaptersSharedByTwoDevicesAndSamplesAreMerged() throws Exception {
    var settings = new TreeMap<>(ADAPTER);
    settings.put("samples", "{every: 2, seconds: 0.5, prompts: [a brick room]}");
    var pair = List.of(Device.CPU, Device.CPU);
    student("straight", settings, "", pair);
    assertThatThrownBy(() -> student("broken", settings, "local-dmd 2", pair))
        .hasMessage("killed at local-dmd 2");
    assertThat(student("broken", settings, "", pair).steps)
        .containsExactly("local-dmd 2", "local-dmd 3");

    var state = "local-dmd/checkpoint-00000004.safetensors";
    assertSame("straight", "broken", state);
    assertSame("straight", "broken", "adapter/adapter_model.safetensors");
    var out = folder.resolve("straight");
    assertLeft(out, out.resolve(state), "generator.values");
    assertThat(out.resolve("samples/00000004.mp4")).isNotEmptyFile();
    try (var file = Safetensors.open(out.resolve(state))) {
      assertThat(file.names()).contains("carried.generator.base", "carried.critic.base");
      assertThat(file.shape("critic.values")).isEqualTo(file.shape("generator.values"));
    }
  }

  @Test
  void aCriticsAdapterIsOfTheModelThatItBeganAs() throws Exception {
    var one = TinyFolder.model(folder.resolve("one"), 2);
    var other = TinyFolder.model(folder.resolve("other"), 3);
    var settings = new TreeMap<>(ADAPTER);
    settings.put("critic.from", one.toString());
    var alone = List.of(Device.CPU);
    assertThatThrownBy(() -> student("out", settings, "local-dmd 2", alone))
        .hasMessage("killed at local-dmd 2");
    settings.put("critic.from", other.toString());
    assertThatThrownBy(() -> student("out", settings, "", alone))
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining("the checkpoint's adapter was trained on other weights than " + other)
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
    settings.put("critic.from", one.toString());
    assertThat(student("out", settings, "", alone).steps)
        .containsExactly("local-dmd 2", "local-dmd 3");
  }

  @Test
  void theGradientOfAdaptersIsThatOfRecordedAndOfReplayedExitPasses() throws Exception {
    var recorded = new TreeMap<>(ADAPTER);
    recorded.put("matching.exit_gradient", "recorded");
    student("recorded", recorded, "", List.of(Device.CPU));
    var replayed = new TreeMap<>(ADAPTER);
    replayed.put("matching.exit_gradient", "replayed");
    student("replayed", replayed, "", List.of(Device.CPU));
    try (var scope = Scope.open();
        var one = Safetensors.open(folder.resolve("recorded/adapter/adapter_model.safetensors"));
        var other =
            Safetensors.open(folder.resolve("replayed/adapter/adapter_model.safetensors"))) {
      for (var name : one.names()) {
        assertThat(other.read(name)).isCloseTo(one.read(name), 1e-5);
      }
    }
  }

  @Test
  void otherStagesTakeAnAdapterToo() throws Exception {
    for (var yaml : List.of(TinyStages.BACKBONE, TinyStages.CAUSAL_START)) {
      var settings = new TreeMap<>(ADAPTER);
      if (yaml.equals(TinyStages.BACKBONE)) {
        settings.put("start", "given");
      }
      var run = TinyStages.read(folder, yaml.replace("FROM", model.toString()), settings);
      var out = folder.resolve(run.name());
      TinyStages.run(run, out);
      assertThat(out.resolve("adapter/adapter_config.json")).isNotEmptyFile();
      assertThat(Files.mismatch(transformer(packed(out)), transformer(model))).isNotNegative();
    }
  }

  @Test
  void aTrialTellsWhatIsTrainedAndWhatStays() throws Exception {
    var run =
        TinyStages.read(folder, TrainTeacherTest.YAML.replace("FROM", model.toString()), ADAPTER);
    var place =
        new Workplace(List.of(Device.CPU), folder.resolve("out"), 1, Ending.NEVER, new Ear(""));
    long numbers = 0;
    long all = 0;
    try (var file = Safetensors.open(transformer(model))) {
      for (var name : file.names()) {
        long[] shape = file.shape(name);
        long count = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
        all += count;
        if (name.matches(".*\\.(q|v|ffn\\.2)\\.weight")) {
          numbers += 2 * (shape[0] + shape[1]);
          all += 2 * count;
        }
      }
    }
    var told = new ArrayList<String>();
    DryRun.in(folder, run, place, told::add);
    assertThat(told)
        .contains(
            String.format(
                Locale.ROOT,
                "  under adapters, weights that stay and their sums %.1f MiB",
                4 * all / 1048576.0));
    long trained = numbers;
    assertThat(told)
        .anyMatch(
            line -> line.contains(String.format(Locale.ROOT, "%,d numbers trained", trained)));
  }

  @Test
  void aBaseThatDoesNotFitIsNamedAndNothingStaysOpen() throws IOException {
    try (var scope = Scope.open();
        var file = Safetensors.open(transformer(model))) {
      Map<String, Tensor> more = new TreeMap<>();
      file.names().forEach(name -> more.put(name, file.read(name)));
      more.put("blocks.7.odd.weight", Tensor.zeros(Dtype.FLOAT32, Device.CPU, 2));
      var other = TinyFolder.model(folder.resolve("other"), 1);
      Safetensors.write(transformer(other), more, Map.of());
      var settings = new TreeMap<>(ADAPTER);
      settings.put("student.from", other.toString());
      for (var devices : List.of(List.of(Device.CPU), List.of(Device.CPU, Device.CPU))) {
        assertThatThrownBy(() -> student("out", settings, "", devices))
            .isInstanceOf(CheckpointException.class)
            .hasMessageContaining("does not know")
            .hasMessageContaining("blocks.7.odd.weight");
      }
    }
  }

  @Test
  void aPlanIsToldBeforeItsStepIsTaken() throws Exception {
    var run =
        TinyStages.read(folder, TrainTeacherTest.YAML.replace("FROM", model.toString()), ADAPTER);
    var ear = new Ear("");
    var place = new Workplace(List.of(Device.CPU), folder.resolve("out"), 1, Ending.NEVER, ear);
    var told = new ArrayList<String>();
    assertThatThrownBy(
            () ->
                DryRun.in(
                    folder,
                    run,
                    place,
                    line -> {
                      told.add(line);
                      if (line.contains("numbers trained")) {
                        throw new IllegalStateException("the step does not fit");
                      }
                    }))
        .hasMessage("the step does not fit");
    assertThat(told).hasSize(2).first().asString().startsWith("context-teacher: 4 steps");
  }

  @Test
  void whatDoesNotFitIsRefusedInOneLineBeforeAnythingIsDone() {
    refused("{rank: 2}", "adapter needs a rank of at least 1 and an alpha above 0, or neither");
    refused("{alpha: 2}", "or neither, not 0 and 2.0");
    refused("{rank: -1, alpha: 2}", "or neither, not -1 and 2.0");
    refused("{rank: 1, alpha: 2, targets: []}", "must name linears");
    refused("{rank: 1, alpha: 2, targets: [qq]}", "target qq is no linear of the network");
    refused("{rank: 1, alpha: 2, dropout: 0.1}", "unknown key adapter.dropout");
    var backbone = TinyStages.BACKBONE.replace("FROM", model.toString());
    assertThatThrownBy(() -> TinyStages.read(folder, backbone, ADAPTER))
        .hasMessageContaining("adapter is given and start is fresh");
  }

  private void refused(String adapter, String because) {
    assertThatThrownBy(() -> teacher(folder.resolve("out"), Map.of("adapter", adapter), ""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(because)
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
    assertThat(folder.resolve("out")).doesNotExist();
  }

  /** That the model left is the first one's weights with the adapter's product added. */
  private void assertLeft(Path out, Path state, String values) {
    try (var scope = Scope.open();
        var adapter = AdapterFolder.open(out.resolve("adapter"));
        var whole = Safetensors.open(transformer(out));
        var base = Safetensors.open(transformer(model));
        var checkpoint = Safetensors.open(state)) {
      assertThat(adapter.sizes()).isEqualTo(new LowRank(2, 3));
      assertThat(adapter.targets()).containsExactly("q", "v", "ffn.2");
      assertThat(adapter.factors().names()).hasSize(FACTORS);
      long numbers =
          adapter.factors().names().stream()
              .mapToLong(name -> adapter.factors().read(name).count())
              .sum();
      assertThat(checkpoint.shape(values)).containsExactly(numbers);
      assertThat(whole.names()).containsExactlyInAnyOrderElementsOf(base.names());
      for (var name : base.names()) {
        var expected = base.read(name).to(Dtype.FLOAT32);
        if (adapter.factors().names().contains(AdapterFolder.keyOfA(name))) {
          var a = adapter.factors().read(AdapterFolder.keyOfA(name));
          var b = adapter.factors().read(AdapterFolder.keyOfB(name));
          assertThat(b.abs().max().item()).isPositive();
          expected = expected.plus(b.matmul(a).times(1.5));
        }
        assertThat(whole.read(name)).isBitwiseEqualTo(expected);
      }
    }
  }

  private void assertSame(String one, String other, String file) {
    assertThat(folder.resolve(other).resolve(file))
        .hasSameBinaryContentAs(folder.resolve(one).resolve(file));
  }

  private Ear teacher(Path out, Map<String, String> settings, String end) throws IOException {
    var yaml = TrainTeacherTest.YAML.replace("FROM", model.toString());
    return TinyStages.run(TinyStages.read(folder, yaml, settings), out, end, List.of(Device.CPU));
  }

  private Ear student(String out, Map<String, String> settings, String end, List<Device> devices) {
    var all = new TreeMap<>(settings);
    all.putIfAbsent("student.from", model.toString());
    all.put("teacher.from", model.toString());
    all.put("student.memory", "slow-fast:sink=3,slow=3,fast=6");
    all.put("student.sampling.steps", "2");
    all.put("matching.earliest_exit", "0");
    all.put("worlds", "5");
    all.put("matching.prompts", "1");
    all.put("matching.lengths.from", "6");
    all.put("matching.lengths.to", "6");
    all.put("matching.window", "6");
    all.put("training.steps", "4");
    all.put("training.generator_every", "1");
    all.put("training.ema_from", "0");
    all.put("training.log_every", "1");
    all.put("training.save_every", "2");
    var file = Path.of("..", "recipes", "longtake-mini-stage1.yaml");
    return TinyStages.run(RunFiles.read(file, all), folder.resolve(out), end, devices);
  }

  private static Path packed(Path out) {
    return out.resolve(TrainModel.MODEL_FOLDER);
  }

  private static Path transformer(Path in) {
    return in.resolve(VideoModel.TRANSFORMER);
  }
}
