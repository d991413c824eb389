package dev.longtake.train;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.longtake.nn.AttentionSpan;
import dev.longtake.nn.Init;
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
import dev.longtake.wan.CausalMasks;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakGuard.class)
class GuideTest {
  private static final CausalObjective.Config CONFIG = new CausalObjective.Config(3, 2, 0.3, 0);
  private static final int CONTEXT = 4;
  private static final int CHUNK = 3;

  @TempDir Path folder;

  private FlatParameters given;
  private FlatParameters learning;
  private Weights givenWeights;
  private Weights learningWeights;
  private Tiny.Causal teacher;
  private Tiny.Causal student;

  /** A student that begins as its teacher. */
  @BeforeEach
  void build() {
    given = Tiny.causalParameters(1);
    learning = given.copyOn(Device.CPU);
    givenWeights = Weights.from(given);
    learningWeights = Weights.from(learning);
    teacher = Tiny.Causal.of(givenWeights);
    student = Tiny.Causal.of(learningWeights);
  }

  @AfterEach
  void close() {
    learningWeights.close();
    givenWeights.close();
    learning.close();
    given.close();
  }

  @Test
  void withMemoryTheFlowIsUPlusScaleTimesCMinusUOfTheTeacherAtTheStudentsOwnPass() {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var latents = latents(CONTEXT + 2 * CHUNK);
      var times = Tensor.of(new float[] {0, 0, 0, 0, 800, 800, 800, 300, 300, 300}, 1, 10);
      isGuided(
          new NoisyPass(
              latents,
              times.expand(2, 10),
              new int[] {0, 1, 2, 3, 6, 7, 8, 6, 7, 8},
              AttentionSpan.contextThenChunks(4L * CONTEXT, 2),
              2 * CHUNK));
    }
  }

  @Test
  void inTeacherForcingItIsTheSame() {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var times = Tensor.of(new float[] {0, 0, 0, 0, 0, 0, 700, 700, 700, 200, 200, 200}, 1, 12);
      isGuided(
          new NoisyPass(
              latents(12),
              times.expand(2, 12),
              new int[] {0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5},
              AttentionSpan.masked(CausalMasks.teacherForcing(6, 3, 4, Device.CPU)),
              6));
    }
  }

  private void isGuided(NoisyPass pass) {
    var states = states();
    var c = pass.flow(teacher.model(), teacher.model().read(states));
    var u = pass.flow(teacher.model(), teacher.model().read(states.times(0)));
    assertThat(c.minus(u).abs().max().item()).as("captions matter").isGreaterThan(0.1);
    var unused = Tensor.zeros(Dtype.FLOAT32, Device.CPU, 1);
    assertThat(new Guide(teacher.model(), 3).of(pass, states, unused, unused))
        .isCloseTo(u.plus(c.minus(u).times(3)), 1e-5);
    assertThat(new Guide(teacher.model(), 1).of(pass, states, unused, unused)).isBitwiseEqualTo(c);
  }

  @Test
  void theLossIsTheMeanSquareOfWhatTheStudentsFlowIsOff() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rng = rng()) {
      learning.values().plusInPlace(rng.normal(Dtype.FLOAT32, learning.count()), 0.05);
    }
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rng = rng()) {
      var batch = batch(0, CHUNK);
      var noise = rng.normal(Dtype.FLOAT32, batch.latents().shape());
      var sigma = FlowMatching.sigmas(rng, 3, 2, 1, 1, 1, 1);
      var pass =
          new NoisyPass(
              FlowMatching.noised(batch.latents(), noise, sigma),
              sigma.reshape(2, 1).times(1000).expand(2, CHUNK),
              batch.positions(),
              AttentionSpan.FULL,
              CHUNK);
      var states = student.text().encode(batch.captions(), Dtype.FLOAT32);
      var c = pass.flow(teacher.model(), teacher.model().read(states));
      var u = pass.flow(teacher.model(), teacher.model().read(states.times(0)));
      var own = pass.flow(student.model(), student.model().read(states));
      double expected = own.minus(u.plus(c.minus(u).times(2.5))).square().mean().item();
      assertThat(loss(batch, 2.5)).isCloseTo(expected, withinPercentage(1e-3));
    }
  }

  @Test
  void aStudentThatIsItsTeacherHasNothingToLearnWithoutGuidance() {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      for (var batch :
          List.of(batch(CONTEXT, CHUNK), batch(0, CHUNK), batch(0, 2 * CausalObjective.BLOCK))) {
        assertThat(loss(batch, 1)).isZero();
        assertThat(loss(batch, 3)).isPositive();
      }
    }
  }

  @Test
  void gradientsReachEveryWeightOfTheStudentAndNoneOfTheTeacher() {
    try (var scope = Scope.open();
        var rng = rng()) {
      objective(batch(CONTEXT, CHUNK), 3).at(0, rng).total().backward();
      assertThat(given.gradients().abs().max().item()).isZero();
      assertThat(learning.names())
          .filteredOn(name -> name.startsWith("transformer."))
          .hasSizeGreaterThan(40)
          .allSatisfy(
              name ->
                  assertThat(learning.view(learning.gradients(), name).abs().max().item())
                      .as(name)
                      .isPositive());
    }
  }

  @Test
  void trainedWithAGuideTheFlowIsTheGuidedOneAlsoForNoiseThatWasNotSeen() {
    try (var scope = Scope.open();
        var text = fixedText();
        var loop = new TrainingLoop(config(), learning)) {
      var batch = batch(CONTEXT, CHUNK);
      double before = lossWithoutGradients(batch);
      var frozen = Tiny.Causal.of(text).text();
      var learnt =
          new CausalObjective(
              student.model(),
              frozen,
              step -> batch,
              new Guide(teacher.model(), 3),
              CONFIG,
              Dtype.FLOAT32);
      loop.run(learnt, 400, new CheckpointStore(folder, "guided", 1), (step, steps, values) -> {});
      assertThat(lossWithoutGradients(batch)).isLessThan(0.1 * before);
    }
  }

  private double lossWithoutGradients(CausalBatch batch) {
    try (var off = Gradients.off()) {
      return loss(batch, 3);
    }
  }

  /** The same weights as constants, as of a file. */
  private Weights fixedText() {
    return Weights.from(
        new Weights.Source() {
          @Override
          public Tensor read(String name, Init init, long... shape) {
            return given.view(given.values(), name).copy();
          }

          @Override
          public Set<String> names() {
            return given.names();
          }
        });
  }

  private static TrainingConfig config() {
    return new TrainingConfig(
        5,
        400,
        new RateSchedule(5e-3, 5, 400, 0.1),
        new AdamW.Config(0.9, 0.99, 1e-8, 0),
        1,
        0.9,
        400,
        400);
  }

  @Test
  void captionsAreNotHiddenFromAGuidedStudent() {
    try (var scope = Scope.open()) {
      var batch = batch(0, CHUNK);
      var hiding = new CausalObjective.Config(3, 1, 0, 0.1);
      assertThatThrownBy(
              () ->
                  new CausalObjective(
                      student.model(),
                      student.text(),
                      step -> batch,
                      new Guide(teacher.model(), 3),
                      hiding,
                      Dtype.FLOAT32))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "prompt_dropout is 0.1, but there is no guidance without captions; make it 0");
      assertThatThrownBy(() -> new Guide(teacher.model(), 0.5))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("guidance must be at least 1, not 0.5");
    }
  }

  private double loss(CausalBatch batch, double scale) {
    try (var scope = Scope.open();
        var rng = rng()) {
      return objective(batch, scale).at(0, rng).total().item();
    }
  }

  private CausalObjective objective(CausalBatch batch, double scale) {
    return new CausalObjective(
        student.model(),
        student.text(),
        step -> batch,
        new Guide(teacher.model(), scale),
        CONFIG,
        Dtype.FLOAT32);
  }

  private static Rng rng() {
    return Rng.seeded(3, Device.CPU);
  }

  private Tensor states() {
    try (var scope = Scope.open()) {
      return scope.keep(teacher.text().encode(captions(), Dtype.FLOAT32));
    }
  }

  private static TokenIds captions() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(9, Device.CPU)) {
      var ids = scope.keep(rng.integers(Tiny.TEXT.vocab(), 2, Tiny.WAN.textLen()));
      return new TokenIds(ids, scope.keep(Tensor.full(1, Dtype.INT64, Device.CPU, ids.shape())));
    }
  }

  private static Tensor latents(int frames) {
    try (var scope = Scope.open();
        var rng = Rng.seeded(8, Device.CPU)) {
      return scope.keep(rng.normal(Dtype.FLOAT32, 2, Tiny.CHANNELS, frames, Tiny.SIDE, Tiny.SIDE));
    }
  }

  private static CausalBatch batch(int context, int chunk) {
    int[] positions =
        IntStream.range(0, context + chunk).map(i -> i < context ? i : i + 2).toArray();
    return new CausalBatch(latents(context + chunk), positions, chunk, captions());
  }
}
