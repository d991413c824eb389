package dev.longtake.recipes;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.checkpoint.Safetensors;
import dev.longtake.data.ShardFolder;
import dev.longtake.diffusion.FlowSchedule;
import dev.longtake.rollout.ModelConfig.SamplerKind;
import dev.longtake.rollout.VideoGenerator;
import dev.longtake.rollout.VideoModel;
import dev.longtake.rollout.VideoRequest;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.train.Forcing;
import dev.longtake.train.OdeTeacher;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakGuard.class)
class OdeStagesTest {
  @TempDir Path folder;
  private Path model = Path.of("");

  @BeforeEach
  void write() throws Exception {
    model = TinyFolder.model(folder.resolve("given"), 1);
  }

  @Test
  void pairsAreTrajectoriesAtTheStudentsLevelsWithTheirPrompts() throws Exception {
    var run = pairs(Map.of());
    TinyStages.run(run, folder.resolve("out"));
    try (var scope = Scope.open();
        var shards = ShardFolder.open(run.result(folder.resolve("out")))) {
      assertThat(shards.size()).isEqualTo(5);
      assertThat(OdePairs.levels(shards)).hasSize(3).startsWith(1).endsWith(0);
      for (int i = 0; i < 5; i++) {
        assertThat(shards.read(i, OdePairs.STATES).shape()).containsExactly(3, 2, 6, 2, 4);
        assertThat(shards.caption(i)).isNotBlank();
      }
      assertThat(shards.caption(0)).isNotEqualTo(shards.caption(1));
      assertThat(shards.read(0, OdePairs.STATES).select(0, 0).toFloats())
          .as("noise of its own")
          .isNotEqualTo(shards.read(1, OdePairs.STATES).select(0, 0).toFloats());
    }
  }

  @Test
  void aPairIsTheSameWhoeverItIsMadeWithAndWhenever() throws Exception {
    TinyStages.run(pairs(Map.of()), folder.resolve("straight"));
    TinyStages.run(pairs(Map.of("pairs", "2")), folder.resolve("broken"));
    var ear = TinyStages.run(pairs(Map.of("together", "1")), folder.resolve("broken"));
    assertThat(ear.said).contains("ode-pairs: 3 to make, 2 are there");
    try (var scope = Scope.open();
        var straight = ShardFolder.open(folder.resolve("straight/pairs"));
        var broken = ShardFolder.open(folder.resolve("broken/pairs"))) {
      assertThat(broken.size()).isEqualTo(5);
      for (int i = 0; i < 5; i++) {
        assertThat(broken.key(i)).isEqualTo(straight.key(i));
        assertThat(broken.read(i, OdePairs.STATES))
            .isCloseTo(straight.read(i, OdePairs.STATES), 1e-4);
        assertThat(broken.read(i, "text")).isCloseTo(straight.read(i, "text"), 1e-4);
      }
    }
  }

  @Test
  void severalDevicesMakeThePairsThatOneMakesInTheSameOrder() throws Exception {
    TinyStages.run(pairs(Map.of()), folder.resolve("one"));
    var two = List.of(Device.CPU, Device.CPU);
    var ear = TinyStages.run(pairs(Map.of()), folder.resolve("two"), "", two);
    assertThat(ear.steps).containsExactly("ode-pairs 1", "ode-pairs 3", "ode-pairs 4");
    try (var scope = Scope.open();
        var one = ShardFolder.open(folder.resolve("one/pairs"));
        var both = ShardFolder.open(folder.resolve("two/pairs"))) {
      assertThat(both.size()).isEqualTo(5);
      for (int i = 0; i < 5; i++) {
        assertThat(both.key(i)).isEqualTo(one.key(i));
        assertThat(both.read(i, OdePairs.STATES)).isBitwiseEqualTo(one.read(i, OdePairs.STATES));
      }
    }
  }

  @Test
  void aRunOfSeveralDevicesThatIsKilledLeavesNothingBehindInMemory() throws Exception {
    var three = List.of(Device.CPU, Device.CPU, Device.CPU);
    assertThatThrownBy(
            () ->
                pairs(Map.of("together", "1"))
                    .carryOut(
                        new Workplace(
                            three,
                            folder.resolve("out"),
                            1,
                            Ending.NEVER,
                            new Ear(
                                "ode-pairs 0",
                                () -> {
                                  throw new IllegalStateException("killed");
                                }))))
        .hasMessage("killed");
  }

  @Test
  void aTeacherWithMemoryIsAskedForNoMoreThanItsMemoryHolds() throws Exception {
    var run = pairs(Map.of("teacher", "causal_with_memory", "latent_frames", "12", "pairs", "2"));
    TinyStages.run(run, folder.resolve("out"));
    try (var scope = Scope.open();
        var shards = ShardFolder.open(run.result(folder.resolve("out")))) {
      assertThat(shards.fact("kind")).isEqualTo("causal_with_memory");
      assertThat(shards.read(1, OdePairs.STATES).shape()).containsExactly(3, 2, 12, 2, 4);
    }
    var longer = pairs(Map.of("teacher", "causal_with_memory", "latent_frames", "15"));
    assertThatThrownBy(() -> TinyStages.run(longer, folder.resolve("longer")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("latent_frames is 15, but the memory of ")
        .hasMessageContaining("slow-fast:sink=3,slow=3,fast=6, holds 12 with the chunk")
        .hasMessageNotContaining("\n");
    assertThat(folder.resolve("longer")).doesNotExist();
  }

  @Test
  void promptsMayTellOfLongerClipsThanTrajectoriesShow() throws Exception {
    TinyStages.run(pairs(Map.of()), folder.resolve("plain"));
    TinyStages.run(pairs(Map.of("caption_frames", "162")), folder.resolve("told"));
    try (var plain = ShardFolder.open(folder.resolve("plain/pairs"));
        var told = ShardFolder.open(folder.resolve("told/pairs"))) {
      int words = 0;
      for (int i = 0; i < 5; i++) {
        words += told.caption(i).split(" ").length - plain.caption(i).split(" ").length;
      }
      assertThat(words).isGreaterThan(10);
    }
    refused("caption_frames", "5", "caption_frames is 5; give at least latent_frames, 6");
  }

  @Test
  void pairsThatWereMadeWhenTheTimeWasUpStayAndTheRestIsMadeLater() throws Exception {
    var asked = new AtomicBoolean();
    var ear = new Ear("ode-pairs 1", () -> asked.set(true));
    var out = folder.resolve("out");
    var ending = new Ending(Long.MAX_VALUE, asked::get, () -> false);
    pairs(Map.of()).carryOut(new Workplace(List.of(Device.CPU), out, 1, ending, ear));
    assertThat(ear.said).contains("stopped after 2 of 5; the same command goes on from there");
    assertThat(ear.steps).containsExactly("ode-pairs 1");
    var later = TinyStages.run(pairs(Map.of()), out);
    assertThat(later.said).contains("ode-pairs: 3 to make, 2 are there");
    assertThat(later.steps).containsExactly("ode-pairs 1", "ode-pairs 2");
  }

  @Test
  void aTrialTellsWhatIsToBeMadeAndWhatAPairTakesAndLeavesNothing() throws Exception {
    var place =
        new Workplace(List.of(Device.CPU), folder.resolve("out"), 1, Ending.NEVER, new Ear(""));
    var told = new ArrayList<String>();
    DryRun.in(folder, pairs(Map.of()), place, told::add);
    long numbers = 0;
    try (var file = Safetensors.open(model.resolve(VideoModel.TRANSFORMER))) {
      for (var name : file.names()) {
        numbers += Arrays.stream(file.shape(name)).reduce(1, (a, b) -> a * b);
      }
    }
    assertThat(told).hasSize(2);
    assertThat(told.getFirst())
        .isEqualTo(
            String.format(
                Locale.ROOT,
                "ode-pairs: 5 pairs of 6 latent frames, 2 at once, each 4 guided steps of"
                    + " %,d numbers",
                numbers));
    assertThat(told.getLast())
        .matches("  one step of ode-pairs: \\d+ ms, .* MiB more while it ran, .* MiB in all");
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void promptsComeFromAListWhoseExtendedTextsAreRead() throws Exception {
    var names = Files.writeString(folder.resolve("p.txt"), "one\ntwo\n");
    var texts = Files.writeString(folder.resolve("p_extended.txt"), "a red cube\na brick room\n");
    var run =
        pairs(
            Map.of(
                "prompts", names.toString(),
                "extended", texts.toString(),
                "negative_prompt", "a blue room",
                "teacher", "causal",
                "pairs", "4"));
    TinyStages.run(run, folder.resolve("out"));
    try (var shards = ShardFolder.open(run.result(folder.resolve("out")))) {
      assertThat(List.of(shards.caption(0), shards.caption(1)))
          .containsExactlyInAnyOrder("a red cube", "a brick room");
      assertThat(shards.caption(2)).isEqualTo(shards.caption(0));
      assertThat(shards.fact("kind")).isEqualTo("causal");
    }
    assertThatThrownBy(() -> TinyStages.run(pairs(Map.of()), folder.resolve("out")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("was encoded with ");
  }

  @Test
  void aStudentIsLeftThatGeneratesInTheTrajectorysStepsAndAKilledRunGoesOn() throws Exception {
    TinyStages.run(pairs(Map.of()), folder.resolve("out"));
    var run = regression(Map.of());
    TinyStages.run(run, folder.resolve("straight"));
    var left = run.result(folder.resolve("straight"));
    try (var opened = VideoModel.open(left, Device.CPU, Dtype.FLOAT32);
        var video =
            VideoGenerator.start(opened, VideoRequest.of(opened.config(), "a brick room"))) {
      assertThat(opened.config().sampling().kind()).isEqualTo(SamplerKind.FEW_STEP);
      assertThat(opened.config().sampling().steps()).isEqualTo(2);
      assertThat(opened.config().sampling().shift()).isEqualTo(8);
      assertThat(video.next().frames()).hasSize(9);
      assertThat(video.next().frames()).hasSize(12);
    }
    var broken = folder.resolve("broken");
    assertThatThrownBy(() -> TinyStages.run(run, broken, "ode-regression 2", List.of(Device.CPU)))
        .hasMessage("killed at ode-regression 2");
    assertThat(TinyStages.run(run, broken).steps)
        .containsExactly("ode-regression 2", "ode-regression 3");
    assertThat(TinyStages.bytes(run.result(broken))).isEqualTo(TinyStages.bytes(left));

    var again = folder.resolve("again"); // with layers run again when going backwards
    TinyStages.run(regression(Map.of("activations", "recomputed")), again);
    assertThat(TinyStages.bytes(run.result(again))).isEqualTo(TinyStages.bytes(left));
  }

  @Test
  void badValuesAreRefusedInOneLine() throws Exception {
    refused("pairs", "0", "pairs, shard_megabytes and guidance must be at least 1, not 0");
    refused("grid.kept", "3", "kept steps that divide all steps, not 8.0, 3 and 4");
    refused("extended", "x.txt", "captions of the world have no other");
    assertThatThrownBy(() -> pairs(Map.of("teacher", "causal", "latent_frames", "5")))
        .hasMessageContaining("a multiple of the block of 3, not 5");
    assertThatThrownBy(() -> regression(Map.of("objective.drawn", "some")))
        .hasMessageContaining("objective.drawn");
    assertThatThrownBy(() -> regression(Map.of("memory", "sink-window:sink=3,frames=4")))
        .hasMessageContaining("run.yaml: memory is 'sink-window:sink=3,frames=4': a window of 4");
    assertThatThrownBy(() -> TinyStages.run(regression(Map.of()), folder.resolve("x")))
        .hasMessageContaining("pairs: there is no folder '")
        .hasMessageContaining("'; a run of stage ode-");
    var tooLong = "a red cube and ".repeat(20);
    var prompts = Files.writeString(folder.resolve("p.txt"), "a red cube\n" + tooLong + "\n");
    assertThatThrownBy(
            () -> TinyStages.run(pairs(Map.of("prompts", prompts.toString())), folder.resolve("x")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("tokens");
    assertThatThrownBy(
            () -> TinyStages.run(pairs(Map.of("negative_prompt", tooLong)), folder.resolve("x")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("negative_prompt: ");
    assertThat(folder.resolve("x")).doesNotExist();
    TinyStages.run(pairs(Map.of("pairs", "1")), folder.resolve("out"));
    var other = TinyFolder.model(folder.resolve("other"), 2);
    assertThatThrownBy(
            () -> TinyStages.run(regression(Map.of("from", other.toString())), folder.resolve("x")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("was made with other encoders than");
  }

  /** Stage 1 of the small model begins with what the two stages before it leave. */
  @Test
  void theRunFilesOfTheSmallModelFollowOneAnother() {
    var pairs = (OdePairsRun) committed("ode-pairs");
    var regression = (OdeRegressionRun) committed("ode-regression");
    var stage1 = (LocalDmdRun) committed("stage1");
    assertThat(pairs.teacher()).isEqualTo(OdeTeacher.Kind.CAUSAL_WITH_MEMORY);
    var guided = (GuidanceRun) committed("guided");
    assertThat(pairs.from()).isEqualTo(regression.from()).isEqualTo(guided.from());
    assertThat(pairs.captionFrames()).isEqualTo(stage1.captionFrames());
    assertThat(pairs.guidance()).isEqualTo(guided.guidance());
    assertThat(regression.pairs()).isEqualTo("out/longtake-mini-ode-pairs/pairs");
    assertThat(regression.memory()).isEqualTo(stage1.student().memory());
    assertThat(regression.objective().forcing()).isEqualTo(Forcing.TEACHER);
    assertThat(pairs.grid().kept()).isEqualTo(stage1.student().sampler().steps());
    assertThat(FlowSchedule.levels(4, stage1.student().sampling().shift()))
        .containsExactly(pairs.grid().keptLevels());
  }

  private static Run committed(String name) {
    return RunFiles.read(Path.of("..", "recipes", "longtake-mini-" + name + ".yaml"), Map.of());
  }

  @Test
  void theRunFilesOfTheSmallModelAreWhole() {
    for (var name : List.of("backbone", "causal-start", "ode-pairs", "ode-regression")) {
      var file = Path.of("..", "recipes", "longtake-mini-" + name + ".yaml");
      assertThat(RunFiles.read(file, Map.of()).name()).startsWith("longtake-mini-");
    }
  }

  private void refused(String key, String value, String told) {
    assertThatThrownBy(() -> pairs(Map.of(key, value)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(told)
        .hasMessageNotContaining("\n");
  }

  private Run pairs(Map<String, String> settings) throws Exception {
    var yaml = TinyStages.ODE_PAIRS.replace("FROM", model.toString());
    return TinyStages.read(folder, yaml, settings);
  }

  private Run regression(Map<String, String> settings) throws Exception {
    var yaml =
        TinyStages.ODE_REGRESSION
            .replace("FROM", model.toString())
            .replace("PAIRS", folder.resolve("out/pairs").toString());
    return TinyStages.read(folder, yaml, settings);
  }
}
