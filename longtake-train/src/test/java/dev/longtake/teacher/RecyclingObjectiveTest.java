package dev.longtake.teacher;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.checkpoint.Safetensors;
import dev.longtake.memory.MemoryPolicies;
import dev.longtake.nn.Weights;
import dev.longtake.optim.AdamW;
import dev.longtake.optim.FlatParameters;
import dev.longtake.optim.RateSchedule;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.text.TokenIds;
import dev.longtake.train.CheckpointStore;
import dev.longtake.train.ContextTimestep;
import dev.longtake.train.Footage;
import dev.longtake.train.MemoryTrace;
import dev.longtake.train.Objective;
import dev.longtake.train.Team;
import dev.longtake.train.TrainingConfig;
import dev.longtake.train.TrainingException;
import dev.longtake.train.TrainingLoop;
import dev.longtake.train.VideoBatch;
import dev.longtake.wan.WanTransformer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakGuard.class)
class RecyclingObjectiveTest {
  private static final Recycling EVERY_ERROR =
      new Recycling(
          5, 1, 1, 1, 0, 1, 0, Drift.CONTEXT, Bookkeeping.CORRECT, ContextTimestep.ZERO, 0);

  @TempDir Path folder;

  /** A network and its errors, for one device. */
  private record Rig(
      FlatParameters parameters, Weights weights, WanTransformer model, ErrorExchange exchange)
      implements AutoCloseable {
    static Rig of(int warmup) {
      var parameters = TinyTeacher.transformer(4);
      var weights = Weights.from(parameters);
      return new Rig(
          parameters,
          weights,
          WanTransformer.of(weights, TinyTeacher.WAN),
          new ErrorExchange(TinyTeacher.BANKS, 6, warmup, 1, 1, TinyTeacher.error()));
    }

    RecyclingObjective objective(ContextBatch batch, Recycling config) {
      return new RecyclingObjective(
          model, step -> batch, exchange, 0, 9, config, Dtype.FLOAT32, Dtype.FLOAT32);
    }

    @Override
    public void close() {
      exchange.close();
      weights.close();
      parameters.close();
    }
  }

  @Test
  void onlyTheTargetsPredictionsHaveLoss() {
    try (var scope = Scope.open();
        var rig = Rig.of(0)) {
      // Where frames do not look at one another, a frame matters by its own prediction alone.
      try (var off = Gradients.off()) {
        for (var part : List.of("weight", "bias")) {
          rig.parameters().view(rig.parameters().values(), "blocks.0.self_attn.o." + part).fill(0);
        }
      }
      var gradient = latentGradient(rig);
      assertThat(gradient.narrow(2, 0, 4).abs().max().item()).isZero();
      for (int frame = 4; frame < 7; frame++) {
        assertThat(gradient.narrow(2, frame, 1).abs().max().item()).isPositive();
      }
    }
  }

  @Test
  void thePredictionsLookAtEveryContextFrame() {
    try (var scope = Scope.open();
        var rig = Rig.of(0)) {
      var gradient = latentGradient(rig);
      for (int frame = 0; frame < 7; frame++) {
        assertThat(gradient.narrow(2, frame, 1).abs().max().item()).isPositive();
      }
    }
  }

  /** Of the loss by the batch's latents. */
  private static Tensor latentGradient(Rig rig) {
    var batch = TinyTeacher.batch(2, 2, TinyTeacher.PARTS);
    batch.frames().latents().requireGradient(true);
    try (var rng = Rng.seeded(Device.CPU, 1, 0)) {
      rig.objective(batch, Recycling.PAPER).at(0, rng).total().backward();
    }
    return batch.frames().latents().gradient();
  }

  @Test
  void everyWeightLearns() {
    try (var scope = Scope.open();
        var rig = Rig.of(0);
        var rng = Rng.seeded(Device.CPU, 1, 0)) {
      var batch = TinyTeacher.batch(2, 2, TinyTeacher.PARTS);
      rig.objective(batch, Recycling.PAPER).at(0, rng).total().backward();
      for (var name : rig.parameters().names()) {
        assertThat(rig.parameters().view(rig.parameters().gradients(), name).abs().max().item())
            .as(name)
            .isPositive();
      }
    }
  }

  @Test
  void aStepIsFedTheErrorsOfTheStepBefore() {
    try (var scope = Scope.open();
        var rig = Rig.of(0)) {
      var batch = TinyTeacher.batch(2, 2, TinyTeacher.PARTS);
      var objective = rig.objective(batch, EVERY_ERROR);
      double untouched = loss(objective, 1);
      assertThat(loss(objective, 1)).isEqualTo(untouched); // the errors of step 1 wait for its end
      assertThat(count(rig.exchange().before(2, 0)))
          .isEqualTo(4); // of two passes, two samples each
      double fed = loss(objective, 2);
      try (var other = Rig.of(0)) {
        assertThat(loss(other.objective(batch, EVERY_ERROR), 2)).isNotEqualTo(fed);
      }
    }
  }

  @Test
  void cleanPassesLeaveErrorsAsTheRuleSays() {
    var seldom =
        new Recycling(
            5, 1, 1, 1, 1, 0, 0, Drift.CONTEXT, Bookkeeping.CORRECT, ContextTimestep.ZERO, 0);
    var released =
        new Recycling(
            5, 1, 1, 1, 1, 0, 0, Drift.CONTEXT, Bookkeeping.RELEASED, ContextTimestep.ZERO, 0);
    try (var scope = Scope.open();
        var rig = Rig.of(3)) {
      var batch = TinyTeacher.batch(2, 2, TinyTeacher.PARTS);
      loss(rig.objective(batch, seldom), 9);
      assertThat(count(rig.exchange().before(10, 0))).isZero();
      loss(rig.objective(batch, released), 3); // still warming up
      assertThat(count(rig.exchange().before(10, 0))).isZero();
      loss(rig.objective(batch, released), 4);
      assertThat(count(rig.exchange().before(10, 0))).isEqualTo(2);
    }
  }

  @Test
  void aRunResumesWithItsErrorsBitForBit() {
    float[] straight;
    try (var rig = Rig.of(2)) {
      straight = train(rig, folder.resolve("straight"), 6);
    }
    try (var rig = Rig.of(2)) {
      train(rig, folder.resolve("broken"), 4);
    }
    try (var rig = Rig.of(2)) {
      assertThat(train(rig, folder.resolve("broken"), 6)).containsExactly(straight);
    }
    try (var scope = Scope.open();
        var first = newest("straight");
        var second = newest("broken")) {
      assertThat(second.names()).isEqualTo(first.names());
      assertThat(first.names()).anyMatch(name -> name.startsWith("carried.errors.0.noise_end."));
      for (var name : first.names()) {
        assertThat(second.read(name)).isBitwiseEqualTo(first.read(name));
      }
    }
  }

  @Test
  void aRunThatCarriesNothingDoesNotGoOnFromOneWithErrors() {
    try (var rig = Rig.of(2)) {
      train(rig, folder.resolve("errors"), 2);
    }
    try (var scope = Scope.open();
        var rig = Rig.of(2);
        var loop = new TrainingLoop(config(), rig.parameters())) {
      assertThatThrownBy(() -> loop.resume(new CheckpointStore(folder.resolve("errors"), "t", 1)))
          .isInstanceOf(TrainingException.class)
          .hasMessageContaining("which this run knows nothing of; give another output folder");
      assertThat(loop.step()).isZero();
    }
  }

  private Safetensors newest(String run) {
    return Safetensors.open(new CheckpointStore(folder.resolve(run), "t", 1).files().getLast());
  }

  private float[] train(Rig rig, Path out, long until) {
    try (var scope = Scope.open();
        var loop = new TrainingLoop(config(), rig.parameters(), rig.exchange())) {
      var store = new CheckpointStore(out, "t", 1);
      loop.resume(store);
      var batch = TinyTeacher.batch(2, 2, TinyTeacher.PARTS);
      loop.run(rig.objective(batch, Recycling.PAPER), until, store, (step, steps, values) -> {});
      return rig.parameters().values().toFloats();
    }
  }

  private static TrainingConfig config() {
    return new TrainingConfig(
        5,
        6,
        new RateSchedule(1e-2, 0, 6, 0.1),
        new AdamW.Config(0.9, 0.99, 1e-8, 0.01),
        1,
        0.9,
        3,
        2);
  }

  private static double loss(Objective objective, long step) {
    try (var scope = Scope.open();
        var rng = Rng.seeded(Device.CPU, 1, step)) {
      return objective.at(step, rng).total().item();
    }
  }

  private static long count(ErrorBanks banks) {
    long count = 0;
    for (int level = 0; level < 50; level++) {
      count += banks.errors(ErrorKind.CLEAN_END, level).size();
    }
    return count;
  }

  @Test
  void devicesThatShareStepsAreRepeatableHoweverFastEachIs() {
    assertThat(shared()).containsExactly(shared());
  }

  private static float[] shared() {
    try (var scope = Scope.open();
        var parameters = TinyTeacher.transformer(4);
        var exchange = new ErrorExchange(TinyTeacher.BANKS, 6, 2, 2, 1, TinyTeacher.error());
        var team =
            Team.of(
                parameters, List.of(Device.CPU), (own, rank) -> Member.of(own, rank, exchange));
        var loop = new TrainingLoop(config(), parameters, exchange)) {
      loop.run(team, 6, (state, values) -> {}, (step, steps, values) -> {});
      return parameters.values().toFloats();
    }
  }

  private record Member(Weights weights, Objective objective) implements Team.Member {
    static Member of(FlatParameters own, int rank, ErrorExchange exchange) {
      var weights = Weights.from(own);
      return new Member(
          weights,
          new RecyclingObjective(
              WanTransformer.of(weights, TinyTeacher.WAN),
              step -> TinyTeacher.batch(100 * rank + step, 1, TinyTeacher.PARTS),
              exchange,
              rank,
              9,
              Recycling.PAPER,
              Dtype.FLOAT32,
              Dtype.FLOAT32));
    }

    @Override
    public void close() {
      weights.close();
    }
  }

  @Test
  void batchesOfAStepHaveTheSamePartsWhateverTheRankAndAreDrawnAgainAlike() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(1, Device.CPU)) {
      var ids = Tensor.full(3, Dtype.INT64, Device.CPU, 2, 5);
      var latents = rng.normal(Dtype.FLOAT32, 2, 30, 2, 4, 4);
      var footage = new Footage(latents, new TokenIds(ids, ids), Collections.nCopies(2, List.of()));
      var layout = new ContextLayout(3, 2, ContextLayout.Spread.STRIDED, 12, 3, 6);
      var curriculum = new ContextCurriculum(7, layout, ContextCurriculum.Selection.WINDOWS, 3, 6);
      Function<TokenIds, Tensor> text = captions -> captions.ids().reshape(-1, 5, 1);
      for (int step = 0; step < 20; step++) {
        var first = curriculum.batch(footage, text, step, 0);
        var other = curriculum.batch(footage, text, step, 1);
        assertThat(other.parts()).isEqualTo(first.parts());
        assertThat(first.frames().latents())
            .isBitwiseEqualTo(curriculum.batch(footage, text, step, 0).frames().latents());
        assertThat(first.samples()).isEqualTo(3);
        // Of every sample, context and target are frames of one video in the order of time.
        assertThat(first.frames().latents()).hasShape(3, 2, first.parts().frames(), 4, 4);
      }
    }
  }

  @Test
  void aClipIsCutIntoContextAndTargetAsTheLayoutOrAMemorySays() {
    try (var scope = Scope.open()) {
      // Every frame of a clip is its number, and a hundred more in the second clip.
      float[] numbers = new float[2 * 30];
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] = i % 30 + 100 * (i / 30);
      }
      var clips =
          new VideoBatch(
              Tensor.of(numbers, 2, 1, 30, 1, 1),
              Tensor.full(0, Dtype.FLOAT32, Device.CPU, 2, 5, 1));
      var layout = new ContextLayout(3, 2, ContextLayout.Spread.STRIDED, 12, 3, 6);
      var windows = new ContextCurriculum(7, layout, ContextCurriculum.Selection.WINDOWS, 2, 6);
      var memory = new ContextCurriculum(7, layout, ContextCurriculum.Selection.MEMORY, 2, 3);
      var trace = MemoryTrace.of(MemoryPolicies.CONTEXT_FORCING, (a, b) -> 0, 10, 3);
      var traces = Collections.nCopies(2, List.of(trace));
      var starts = new HashSet<Integer>();
      for (int step = 0; step < 40; step++) {
        var laid = windows.batch(clips, List.of(), step, 0);
        assertThat(windows.batch(clips, List.of(), step, 1).parts()).isEqualTo(laid.parts());
        var remembered = memory.batch(clips, traces, step, 0);
        for (int clip = 0; clip < 2; clip++) {
          var shown = shown(laid, clip);
          int start = shown.get(laid.parts().context());
          starts.add(start);
          assertThat(shown).isEqualTo(layout.at(start).frames());
          var held = shown(remembered, clip);
          int first = held.get(remembered.parts().context());
          assertThat(held)
              .isEqualTo(Placement.remembered(trace.plans().get(first / 3), first, 6).frames());
        }
        assertThat(laid.frames().text()).isBitwiseEqualTo(clips.text());
      }
      assertThat(starts).containsExactlyInAnyOrder(6, 9, 12, 15, 18, 21, 24);
    }
  }

  private static List<Integer> shown(ContextBatch batch, int clip) {
    var numbers = new ArrayList<Integer>();
    for (float number : batch.frames().latents().select(0, clip).toFloats()) {
      numbers.add((int) number - 100 * clip);
    }
    return numbers;
  }

  @Test
  void aContextThatDoesNotFitTheClipIsRefusedInOneLine() {
    var layout = ContextLayout.RELEASED;
    var curriculum = new ContextCurriculum(7, layout, ContextCurriculum.Selection.WINDOWS, 1, 21);
    curriculum.check(42);
    assertThatThrownBy(() -> curriculum.check(41))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "clips of 41 latent frames hold no context of at least 21 and a target of 21; make"
                + " them longer or these smaller");
    assertThatThrownBy(
            () -> new ContextCurriculum(7, layout, ContextCurriculum.Selection.WINDOWS, 1, 8))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(
            "least is 8 latent frames before a target, sink and motion window need 9");
  }
}
