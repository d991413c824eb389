package dev.longtake.train;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.longtake.diffusion.Denoiser;
import dev.longtake.diffusion.EulerSampler;
import dev.longtake.diffusion.FlowSchedule;
import dev.longtake.nn.AttentionSpan;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.wan.CausalMasks;
import dev.longtake.wan.Prompt;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class OdeTeacherTest {
  private WholeClips tiny;

  @BeforeEach
  void build() {
    tiny = WholeClips.of(1);
  }

  @AfterEach
  void close() {
    tiny.close();
  }

  @Test
  void thePublishedGridKeepsThePublishedLevels() {
    var grid = new OdeGrid(48, 8, 4);
    float[] expected = {1000, 960, 888.8889f, 727.2727f, 0};
    assertThat(grid.keptLevels()).hasSize(5);
    for (int i = 0; i < 5; i++) {
      assertThat(grid.keptLevels()[i] * 1000).isCloseTo(expected[i], within(1e-3f));
    }
    assertThat(grid.levels()[47] * 1000).isCloseTo(145.4545f, within(1e-3f));
    float[] student = FlowSchedule.training(8).warp(1000, 750, 500, 250);
    for (int i = 0; i < 4; i++) {
      assertThat(student[i]).isCloseTo(grid.keptLevels()[i] * 1000, within(1e-3f));
    }
  }

  @Test
  void aTrajectoryEndsWhereEulersStepsEndAndItsStatesLieOnTheWay() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rng = Rng.seeded(4, Device.CPU)) {
      var batch = WholeClips.batch(8);
      var noise = rng.normal(Dtype.FLOAT32, batch.latents().shape());
      var grid = new OdeGrid(4, 3, 2);
      var prompt = tiny.prompt(batch);
      var without = tiny.model().read(batch.text().times(0));
      var states =
          new OdeTeacher(tiny.model(), OdeTeacher.Kind.BIDIRECTIONAL, grid, 2.5, Dtype.FLOAT32)
              .trajectories(noise, prompt, without);
      assertThat(states.shape()).containsExactly(2, 3, 2, 6, 4, 4);
      assertThat(states.select(1, 0)).isBitwiseEqualTo(noise);

      var guided = Denoiser.guided(whole(prompt), whole(without), 2.5);
      float[] levels = FlowSchedule.levels(4, 3);
      assertThat(states.select(1, 2))
          .isCloseTo(new EulerSampler(levels).sample(guided, noise, rng), 1e-4);
      var half = noise.copy();
      for (int i = 0; i < 2; i++) {
        half.plusInPlace(guided.flow(half, levels[i] * 1000), levels[i + 1] - levels[i]);
      }
      assertThat(states.select(1, 1)).isCloseTo(half, 1e-4);
    }
  }

  @Test
  void aCausalTeacherGoesBlockByBlockAfterItsOwnCleanBlocks() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rng = Rng.seeded(4, Device.CPU)) {
      var batch = WholeClips.batch(8);
      var noise = rng.normal(Dtype.FLOAT32, batch.latents().shape());
      var prompt = tiny.prompt(batch);
      var grid = new OdeGrid(2, 3, 1);
      var states =
          new OdeTeacher(tiny.model(), OdeTeacher.Kind.CAUSAL, grid, 1, Dtype.FLOAT32)
              .trajectories(noise, prompt, prompt);
      float[] levels = grid.levels();
      var first = noise.narrow(2, 0, 3).copy();
      var second = noise.narrow(2, 3, 3).copy();
      for (int i = 0; i < 2; i++) {
        first.plusInPlace(forced(first, null, levels[i], prompt), levels[i + 1] - levels[i]);
      }
      for (int i = 0; i < 2; i++) {
        second.plusInPlace(forced(second, first, levels[i], prompt), levels[i + 1] - levels[i]);
      }
      assertThat(states.select(1, 1)).isCloseTo(Tensor.cat(List.of(first, second), 2), 1e-4);
    }
  }

  @Test
  void aTeacherWithMemorySeesContextAndBlockAsOneSequenceWhoseContextSeesItselfWholly() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rng = Rng.seeded(4, Device.CPU)) {
      var batch = WholeClips.batch(8);
      var noise = rng.normal(Dtype.FLOAT32, 2, Tiny.CHANNELS, 9, Tiny.SIDE, Tiny.SIDE);
      var prompt = tiny.prompt(batch);
      var without = tiny.model().read(batch.text().times(0));
      var grid = new OdeGrid(4, 3, 2);
      var states = states(OdeTeacher.Kind.CAUSAL_WITH_MEMORY, grid, noise, prompt, without);
      assertThat(states.shape()).containsExactly(2, 3, Tiny.CHANNELS, 9, Tiny.SIDE, Tiny.SIDE);

      float[] levels = grid.levels();
      for (int start = 0; start < 9; start += 3) {
        var past = states.select(1, 2).narrow(2, 0, start);
        var guided =
            Denoiser.guided(inOneSequence(past, prompt), inOneSequence(past, without), 2.5);
        var x = noise.narrow(2, start, 3).copy();
        for (int i = 0; i < 4; i++) {
          if (i % 2 == 0) {
            assertThat(states.select(1, i / 2).narrow(2, start, 3)).isCloseTo(x, 1e-4);
          }
          x.plusInPlace(guided.flow(x, levels[i] * 1000), levels[i + 1] - levels[i]);
        }
        assertThat(states.select(1, 2).narrow(2, start, 3)).isCloseTo(x, 1e-4);
      }
    }
  }

  @Test
  void howBlocksOfAContextSeeOneAnotherTellsFromTheSecondOn() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rng = Rng.seeded(4, Device.CPU)) {
      var batch = WholeClips.batch(8);
      var noise = rng.normal(Dtype.FLOAT32, 2, Tiny.CHANNELS, 9, Tiny.SIDE, Tiny.SIDE);
      var prompt = tiny.prompt(batch);
      var without = tiny.model().read(batch.text().times(0));
      var grid = new OdeGrid(2, 3, 1);
      var wholly =
          states(OdeTeacher.Kind.CAUSAL_WITH_MEMORY, grid, noise, prompt, without).select(1, 1);
      var forced = states(OdeTeacher.Kind.CAUSAL, grid, noise, prompt, without).select(1, 1);
      assertThat(wholly.narrow(2, 0, 6)).isCloseTo(forced.narrow(2, 0, 6), 1e-5);
      double apart = wholly.narrow(2, 6, 3).minus(forced.narrow(2, 6, 3)).abs().max().item();
      assertThat(apart).isGreaterThan(1e-3);
    }
  }

  @Test
  void aStudentOfFourStepsAtShiftThreeStandsOnEveryOtherLevelOfATeacherOfEight() {
    float[] expected = {1000, 900, 750, 500, 0};
    var grid = new OdeGrid(8, 3, 4);
    for (int i = 0; i < 5; i++) {
      assertThat(grid.keptLevels()[i] * 1000).isCloseTo(expected[i], within(1e-3f));
      assertThat(FlowSchedule.levels(4, 3)[i]).isCloseTo(grid.keptLevels()[i], within(1e-6f));
    }
  }

  @Test
  void whatDoesNotFitIsRefused() {
    assertThatThrownBy(() -> new OdeGrid(48, 8, 5))
        .hasMessageContaining("divide all steps, not 8.0, 5 and 48");
    assertThatThrownBy(
            () ->
                new OdeTeacher(
                    tiny.model(), OdeTeacher.Kind.CAUSAL, new OdeGrid(2, 3, 1), 0.5, Dtype.FLOAT32))
        .hasMessageContaining("guidance must be at least 1, not 0.5");
  }

  private Tensor states(
      OdeTeacher.Kind kind, OdeGrid grid, Tensor noise, Prompt prompt, Prompt without) {
    return new OdeTeacher(tiny.model(), kind, grid, 2.5, Dtype.FLOAT32)
        .trajectories(noise, prompt, without);
  }

  /** As the model was trained with memory: the context clean before the block, in one pass. */
  private Denoiser inOneSequence(Tensor past, Prompt prompt) {
    int context = Math.toIntExact(past.size(2));
    var span = context == 0 ? AttentionSpan.FULL : AttentionSpan.contextThenChunk(4L * context);
    return (noisy, timestep) -> {
      var level = Tensor.full(timestep, Dtype.FLOAT32, Device.CPU, 2, 3);
      var clean = Tensor.zeros(Dtype.FLOAT32, Device.CPU, 2, context);
      return tiny.model()
          .forward(
              Tensor.cat(List.of(past, noisy), 2),
              Tensor.cat(List.of(clean, level), 1),
              WholeClips.positions(0, context + 3),
              prompt,
              i -> span,
              3);
    };
  }

  private Denoiser whole(Prompt prompt) {
    return (noisy, timestep) -> {
      var times = Tensor.full(timestep, Dtype.FLOAT32, Device.CPU, 2, 6);
      return tiny.model().forward(noisy, times, WholeClips.positions(0, 6), prompt);
    };
  }

  /** The flow of a noisy block as teacher forcing lays it out: the clean blocks, then this one. */
  private Tensor forced(Tensor noisy, @Nullable Tensor past, double sigma, Prompt prompt) {
    var level = Tensor.full(sigma * 1000, Dtype.FLOAT32, Device.CPU, 2, 3);
    if (past == null) {
      return tiny.model().forward(noisy, level, WholeClips.positions(0, 3), prompt);
    }
    var mask = CausalMasks.blockCausal(6, 3, 4, Device.CPU);
    return tiny.model()
        .forward(
            Tensor.cat(List.of(past, noisy), 2),
            Tensor.cat(List.of(level.times(0), level), 1),
            WholeClips.positions(0, 6),
            prompt,
            i -> AttentionSpan.masked(mask),
            3);
  }
}
