package dev.longtake.train;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.nn.Init;
import dev.longtake.nn.Weights;
import dev.longtake.optim.FlatParameters;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.NativeMemory;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.vae.WanVae;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakGuard.class)
class TrainingLoopTest {
  private static final Progress SILENT = (step, steps, values) -> {};

  @TempDir Path folder;

  /** A part of a run, with everything made anew as in a new process. */
  private interface Run {
    void from(CheckpointStore store, long until, Path copyOfTheEnd);
  }

  @Test
  void aResumedRunOfTheTransformerEqualsTheUninterruptedOneBitForBit() throws Exception {
    resumesExactly(
        (store, until, end) -> {
          try (var scope = Scope.open();
              var footage = Tiny.footage(1, 3, 18, Tiny.MEMORY);
              var flat = Tiny.causalParameters(2);
              var weights = Weights.from(flat);
              var loop = new TrainingLoop(Tiny.config(6, 2, 2), flat)) {
            loop.resume(store);
            var curriculum = new Curriculum(3, 24, new Curriculum.Shares(0.2, 0.2, 0.3, 0, 0), 6);
            var objective = Tiny.Causal.of(weights).objective(footage, curriculum);
            loop.run(objective, until, store, SILENT);
            new CheckpointStore(end, "end", 1).save(loop.state().whole(), Map.of());
          }
        });
  }

  @Test
  void aResumedRunOfTheAutoencoderEqualsTheUninterruptedOneBitForBit() throws Exception {
    resumesExactly(
        (store, until, end) -> {
          try (var scope = Scope.open();
              var flat = Tiny.vaeParameters(2);
              var weights = Weights.from(flat);
              var vae = WanVae.of(Tiny.VAE, weights);
              var loop = new TrainingLoop(Tiny.config(4, 2, 2), flat)) {
            loop.resume(store);
            var objective = new VaeObjective(vae, Tiny::clip, Dtype.FLOAT32, 1e-3);
            loop.run(objective, until, store, SILENT);
            new CheckpointStore(end, "end", 1).save(loop.state().whole(), Map.of());
          }
        });
  }

  @Test
  void aResumedRunWhosePrefetchingThreadsWereAheadEqualsTheUninterruptedOneBitForBit()
      throws Exception {
    resumesExactly(
        (store, until, end) -> {
          var made = new ConcurrentSkipListSet<Long>();
          try (var scope = Scope.open();
              var flat = Tiny.vaeParameters(2);
              var weights = Weights.from(flat);
              var vae = WanVae.of(Tiny.VAE, weights);
              var clips =
                  new Prefetcher<>(
                      number -> {
                        made.add(number);
                        return Rng.mix(number);
                      },
                      3,
                      5);
              var loop = new TrainingLoop(Tiny.config(6, 2, 2).withAccumulated(2), flat)) {
            loop.resume(store);
            var objective =
                new VaeObjective(vae, step -> Tiny.clip(clips.apply(step)), Dtype.FLOAT32, 1e-3);
            loop.run(objective, until, store, SILENT);
            assertThat(made.last()).as("batches made ahead").isGreaterThan(2 * loop.step() - 1);
            new CheckpointStore(end, "end", 1).save(loop.state().whole(), Map.of());
          }
        });
  }

  private void resumesExactly(Run run) throws Exception {
    var straight = folder.resolve("straight");
    var resumed = folder.resolve("resumed");
    run.from(new CheckpointStore(straight, "stage", 2), 100, folder.resolve("a"));
    run.from(new CheckpointStore(resumed, "stage", 2), 3, folder.resolve("b"));
    run.from(new CheckpointStore(resumed, "stage", 2), 100, folder.resolve("c"));

    var last = new CheckpointStore(straight, "stage", 2).files().getLast().getFileName();
    assertThat(resumed.resolve(last)).hasSameBinaryContentAs(straight.resolve(last));
    var end = new CheckpointStore(folder.resolve("a"), "end", 1).files().getLast();
    assertThat(folder.resolve("c").resolve(end.getFileName())).hasSameBinaryContentAs(end);
    // The comparison would also hold if nothing were trained.
    var before = new CheckpointStore(folder.resolve("b"), "end", 1).files().getLast();
    assertThat(Files.readAllBytes(before)).isNotEqualTo(Files.readAllBytes(end));
  }

  @Test
  void everythingThatARunGoesOnFromIsRestored() {
    try (var scope = Scope.open();
        var flat = ones();
        var loop = new TrainingLoop(Tiny.config(5, 1, 1), flat);
        var other = ones();
        var after = new TrainingLoop(Tiny.config(5, 1, 1), other)) {
      var store = new CheckpointStore(folder, "stage", 1);
      loop.run(quadratic(flat), 3, store, SILENT);
      assertThat(after.resume(store)).isTrue();
      assertThat(after.step()).isEqualTo(3);
      assertThat(after.state().updates()).isEqualTo(3);
      assertThat(after.state().values()).isBitwiseEqualTo(loop.state().values());
      assertThat(after.state().first()).isBitwiseEqualTo(loop.state().first());
      assertThat(after.state().second()).isBitwiseEqualTo(loop.state().second());
      assertThat(after.state().average()).isBitwiseEqualTo(loop.state().average());
      assertThat(after.state().average().toFloats()).isNotEqualTo(flat.values().toFloats());
    }
  }

  @Test
  void aRunIsLoggedAndSavedAtItsIntervalsAndAtItsEnd() {
    var logged = new ArrayList<Long>();
    var saved = new ArrayList<Long>();
    try (var scope = Scope.open();
        var flat = ones();
        var loop = new TrainingLoop(Tiny.config(8, 3, 2), flat)) {
      loop.run(
          quadratic(flat),
          7,
          (state, values) -> saved.add(state.step()),
          (step, steps, values) -> {
            logged.add(step);
            assertThat(steps).isEqualTo(8);
            assertThat(values)
                .containsOnlyKeys(
                    "watched", "loss", "grad_norm", "learning_rate", "per iteration time");
            assertThat(values.get("loss")).isEqualTo(values.get("watched")).isPositive();
          });
      loop.run(quadratic(flat), 7, (state, values) -> saved.add(-1L), SILENT);
    }
    assertThat(logged).containsExactly(2L, 5L, 6L);
    assertThat(saved).containsExactly(2L, 4L, 6L, 7L);
  }

  @Test
  void aRunThatIsStoppedInTheMiddleOfAStepSavesAfterItAndGoesOnToTheSameBits() {
    try (var scope = Scope.open();
        var flat = ones();
        var straight = new TrainingLoop(Tiny.config(8, 3, 3), flat);
        var other = ones();
        var first = new TrainingLoop(Tiny.config(8, 3, 3), other);
        var second = new TrainingLoop(Tiny.config(8, 3, 3), other)) {
      straight.run(quadratic(flat), 8, (state, values) -> {}, SILENT);

      var store = new CheckpointStore(folder, "stage", 9, "loss");
      var asked = new AtomicBoolean();
      var logged = new ArrayList<Long>();
      Objective stopped =
          (step, rng) -> {
            asked.set(step == 4); // while the step runs
            return quadratic(other).at(step, rng);
          };
      try (var team = Team.alone(other, stopped)) {
        first.run(team, step -> asked.get(), store, (step, steps, values) -> logged.add(step));
        assertThat(first.step()).isEqualTo(5);
        assertThat(logged).containsExactly(2L, 4L);
        assertThat(store.newestStep()).hasValue(5);
        first.run(team, step -> true, store, (step, steps, values) -> logged.add(step));
        assertThat(logged).as("stopped before the first step").hasSize(2);
      }

      assertThat(second.resume(store)).isTrue();
      second.run(quadratic(other), 8, store, SILENT);
      assertThat(other.values()).isBitwiseEqualTo(flat.values());
      assertThat(second.average().average()).isBitwiseEqualTo(straight.average().average());
    }
  }

  @Test
  void aBestThatIsNotLoggedEndsTheRunAtItsFirstStepAndNotAtItsFirstCheckpoint() {
    var usual = Tiny.config(9, 3, 9);
    var config =
        new TrainingConfig(
            usual.seed(),
            usual.steps(),
            usual.rate(),
            usual.adam(),
            usual.clip(),
            usual.emaDecay(),
            usual.logEvery(),
            usual.saveEvery(),
            1,
            1,
            "los");
    try (var scope = Scope.open();
        var flat = ones();
        var loop = new TrainingLoop(config, flat)) {
      assertThatThrownBy(() -> loop.run(quadratic(flat), 9, (state, values) -> {}, SILENT))
          .isInstanceOf(TrainingException.class)
          .hasMessageContaining("keep_best is 'los', which is not logged")
          .hasMessageContaining("give one of grad_norm, learning_rate, loss, watched");
      assertThat(loop.step()).isZero();
    }
  }

  @Test
  void aBrokenGradientEndsTheRunNamingStepAndWeight() {
    try (var scope = Scope.open();
        var flat = ones();
        var weights = Weights.from(flat);
        var loop = new TrainingLoop(Tiny.config(9, 1, 9), flat)) {
      var good = weights.take("good", Init.ONES, 2);
      var bad = weights.take("bad", Init.ONES, 2);
      Objective breaks =
          (step, rng) -> {
            // √0 has an infinite slope, which 0 makes NaN; the loss itself stays finite.
            var root = bad.times(step == 4 ? 0 : 1).square().sum().sqrt();
            return new Objective.Loss(good.square().sum().plus(root), Map.of());
          };
      assertThatThrownBy(() -> loop.run(breaks, 9, (state, values) -> {}, SILENT))
          .isInstanceOf(TrainingException.class)
          .hasMessageContaining("step 4: grad_norm is NaN, the gradient of bad is not finite;")
          .hasMessageContaining("resume from the last checkpoint")
          .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
    }
  }

  @Test
  void aBrokenStateIsNeverSavedEvenBetweenLogEntries() {
    var store = new CheckpointStore(folder, "stage", 1);
    try (var scope = Scope.open();
        var flat = ones();
        var loop = new TrainingLoop(Tiny.config(9, 9, 2), flat)) {
      Objective breaks =
          (step, rng) -> {
            var loss = quadratic(flat).at(step, rng).total();
            return new Objective.Loss(loss.times(step == 2 ? Double.NaN : 1), Map.of());
          };
      assertThatThrownBy(() -> loop.run(breaks, 9, store, SILENT))
          .isInstanceOf(TrainingException.class)
          .hasMessageContaining("step 3: loss is NaN, weight good is not finite")
          .hasMessageContaining("log_every 1");
    }
    assertThat(store.files())
        .extracting(file -> file.getFileName().toString())
        .containsExactly("checkpoint-00000002.safetensors");
  }

  @Test
  void nothingNativeStaysBehindAStep() {
    try (var scope = Scope.open();
        var flat = ones();
        var loop = new TrainingLoop(Tiny.config(40, 50, 50), flat)) {
      var handles = new ArrayList<Long>();
      Objective counted =
          (step, rng) -> {
            handles.add(NativeMemory.liveHandles());
            return quadratic(flat).at(step, rng);
          };
      loop.run(counted, 40, (state, values) -> {}, SILENT);
      assertThat(handles.getLast()).isEqualTo(handles.get(5));
    }
  }

  /** The square of all weights: reads them anew in every step, so it needs no model. */
  private static Objective quadratic(FlatParameters flat) {
    return (step, rng) -> {
      try (var scope = Scope.open();
          var weights = Weights.from(flat)) {
        Tensor sum = Tensor.zeros(Dtype.FLOAT32, Device.CPU);
        for (var name : List.of("good", "bad")) {
          sum = sum.plus(weights.take(name, Init.ONES, 2).square().sum());
        }
        return new Objective.Loss(scope.keep(sum), Map.of("watched", scope.keep(sum.detach())));
      }
    };
  }

  private static FlatParameters ones() {
    try (var scope = Scope.open()) {
      Map<String, Tensor> initial = new LinkedHashMap<>();
      initial.put("good", Tensor.of(new float[] {1, 2}, 2));
      initial.put("bad", Tensor.of(new float[] {3, -4}, 2));
      return FlatParameters.copyOf(initial, Device.CPU);
    }
  }
}
