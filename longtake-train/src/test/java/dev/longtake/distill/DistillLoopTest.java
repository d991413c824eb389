package dev.longtake.distill;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.checkpoint.Safetensors;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.train.CheckpointStore;
import dev.longtake.train.Progress;
import dev.longtake.train.Team;
import dev.longtake.train.TrainingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakGuard.class)
class DistillLoopTest {
  private static final Progress SILENT = (step, steps, values) -> {};
  private static final int STEPS = 7;
  private static final int EVERY = 3;
  private static final DistillTraining TRAINING = Troupe.training(STEPS, EVERY, 2);

  @TempDir Path folder;

  @Test
  void aKilledRunGoesOnToTheSameBitsOfEverything() throws Exception {
    run(folder.resolve("straight"), STEPS, SILENT);
    run(folder.resolve("killed"), 4, SILENT); // in the middle of a cycle, before a save
    Files.delete(newest("killed")); // what the end of a trial leaves; a killed run has step 3
    run(folder.resolve("killed"), STEPS, SILENT);
    assertThat(newest("killed")).hasSameBinaryContentAs(newest("straight"));
    assertThat(newest("straight").getFileName()).hasToString("checkpoint-00000007.safetensors");
    try (var file = Safetensors.open(newest("straight"))) { // in this order in every process
      assertThat(file.names())
          .containsExactly(
              "generator.values",
              "generator.first",
              "generator.second",
              "generator.average",
              "generator.told",
              "critic.values",
              "critic.first",
              "critic.second");
    }
  }

  private Path newest(String run) {
    return new CheckpointStore(folder.resolve(run), "stage", 9).files().getLast();
  }

  @Test
  void theGeneratorLearnsInEveryThirdStepAndTheCriticInAll() {
    var logged = new ArrayList<Map<String, Double>>();
    var generators = new ArrayList<float[]>();
    var critics = new ArrayList<float[]>();
    try (var scope = Scope.open();
        var troupe = Troupe.of(1);
        var loop = new DistillLoop(TRAINING, troupe.flat());
        var team = team(troupe)) {
      var store = new CheckpointStore(folder, "stage", 9);
      for (int step = 0; step <= STEPS; step++) {
        loop.run(team, step, store, (at, steps, values) -> logged.add(new LinkedHashMap<>(values)));
        generators.add(values(troupe, DistillLoop.GENERATOR));
        critics.add(values(troupe, DistillLoop.CRITIC));
      }
      assertThat(loop.step()).isEqualTo(STEPS);
    }
    for (int step = 0; step < STEPS; step++) {
      boolean moved = !java.util.Arrays.equals(generators.get(step), generators.get(step + 1));
      assertThat(moved).as("generator at step " + step).isEqualTo(step % EVERY == 0);
      assertThat(critics.get(step)).isNotEqualTo(critics.get(step + 1));
    }
    assertThat(logged).hasSize(STEPS);
    assertThat(logged)
        .allSatisfy(
            values ->
                assertThat(values)
                    .containsOnlyKeys(
                        "generator_loss",
                        "generator_grad_norm",
                        "dmdtrain_gradient_norm",
                        "critic_efficiency",
                        "critic_loss",
                        "critic_grad_norm",
                        "per iteration time"));
    assertThat(logged.get(1).get("generator_loss")).isEqualTo(logged.get(0).get("generator_loss"));
    assertThat(logged.get(3).get("generator_loss"))
        .isNotEqualTo(logged.get(0).get("generator_loss"));
  }

  @Test
  void aRunGoesOnWithWhatWasToldOfTheGeneratorBetweenTwoOfItsUpdates() {
    var logged = new ArrayList<Map<String, Double>>();
    for (long until : new long[] {2, 3}) { // the generator learns at step 0 and at step 3
      try (var scope = Scope.open();
          var troupe = Troupe.of(1);
          var loop = new DistillLoop(TRAINING, troupe.flat());
          var team = team(troupe)) {
        var store = new CheckpointStore(folder, "stage", 1, "generator_loss");
        loop.resume(store);
        loop.run(
            team, until, store, (at, steps, values) -> logged.add(new LinkedHashMap<>(values)));
        assertThat(store.best()).isPresent();
      }
    }
    assertThat(logged).hasSize(3);
    for (var tag : List.of("generator_loss", "generator_grad_norm", "dmdtrain_gradient_norm")) {
      assertThat(logged.get(2)).containsEntry(tag, logged.get(0).get(tag));
    }
  }

  @Test
  void theAverageIsACopyUntilItBeginsAndThenFollows() {
    try (var scope = Scope.open();
        var troupe = Troupe.of(1);
        var loop = new DistillLoop(TRAINING, troupe.flat()); // from step 2
        var team = team(troupe)) {
      var store = new CheckpointStore(folder, "stage", 9);
      loop.run(team, 1, store, SILENT);
      var first = flat(loop.averagedGenerator());
      assertThat(first.toFloats()).isEqualTo(values(troupe, DistillLoop.GENERATOR));
      var before = first.copy();
      loop.run(team, 4, store, SILENT); // the generator's second update is step 3's
      var now = Tensor.of(values(troupe, DistillLoop.GENERATOR), before.count());
      var expected = before.times(0.9).plus(now.times(0.1));
      assertThat(flat(loop.averagedGenerator())).isCloseTo(expected, 1e-6);
      assertThat(loop.averagedGenerator()).containsKey("blocks.0.modulation");
    }
  }

  @Test
  void aRunStoppedTwiceBetweenUpdatesOfTheGeneratorSavesAndGoesOnToTheSameBits() throws Exception {
    run(folder.resolve("straight"), STEPS, SILENT);
    var into = folder.resolve("stopped");
    for (int until : new int[] {4, 5, STEPS}) { // the generator learns in steps 3 and 6
      try (var scope = Scope.open();
          var troupe = Troupe.of(1);
          var loop = new DistillLoop(TRAINING, troupe.flat());
          var team = team(troupe)) {
        var store = new CheckpointStore(into, "stage", 9, "generator_loss");
        loop.resume(store);
        loop.run(team, step -> step >= until, store, SILENT);
        assertThat(store.newestStep()).hasValue(until);
        assertThat(store.best()).hasValueSatisfying(best -> assertThat(best).exists());
      }
    }
    try (var ours = Safetensors.open(newest("stopped"));
        var theirs = Safetensors.open(newest("straight"))) {
      assertThat(ours.metadata().get("sha256")).isEqualTo(theirs.metadata().get("sha256"));
    }
  }

  @Test
  void aCheckpointOfOneNetworkIsRefused() {
    try (var scope = Scope.open();
        var troupe = Troupe.of(1);
        var loop = new DistillLoop(TRAINING, troupe.flat());
        var team = team(troupe)) {
      loop.run(team, 1, new CheckpointStore(folder, "local-dmd", 1), SILENT);
      assertThatThrownBy(() -> loop.resume(new CheckpointStore(folder, "contextual-dmd", 1)))
          .isInstanceOf(TrainingException.class)
          .hasMessageContaining("is a checkpoint of stage local-dmd, not of contextual-dmd");
    }
  }

  @Test
  void aBrokenNetworkEndsTheRunNamingItsWeight() {
    try (var scope = Scope.open();
        var troupe = Troupe.of(1);
        var loop = new DistillLoop(TRAINING, troupe.flat());
        var team = team(troupe)) {
      var name = "critic.head.head.bias";
      troupe.flat().view(troupe.flat().values(), name).fill(Double.NaN);
      var store = new CheckpointStore(folder, "stage", 1);
      assertThatThrownBy(() -> loop.run(team, STEPS, store, SILENT))
          .isInstanceOf(TrainingException.class)
          .hasMessageContaining("step 0: ")
          .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
      assertThat(store.files()).isEmpty();
    }
  }

  private static void run(Path into, long until, Progress progress) {
    try (var scope = Scope.open();
        var troupe = Troupe.of(1);
        var loop = new DistillLoop(TRAINING, troupe.flat());
        var team = team(troupe)) {
      var store = new CheckpointStore(into, "stage", 9);
      loop.resume(store);
      loop.run(team, until, store, progress);
    }
  }

  private static Team team(Troupe troupe) {
    var config = Troupe.contextual(ExitGradient.REPLAYED);
    return Team.alone(troupe.flat(), troupe.objective(config, Troupe.NO_OPENING, TRAINING, 0));
  }

  private static float[] values(Troupe troupe, String name) {
    try (var scope = Scope.open();
        var part = troupe.flat().part(name + ".")) {
      return part.values().toFloats();
    }
  }

  private static Tensor flat(Map<String, Tensor> weights) {
    List<Tensor> parts = weights.values().stream().map(weight -> weight.reshape(-1)).toList();
    return Tensor.cat(parts, 0);
  }
}
