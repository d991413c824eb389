package dev.longtake.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.longtake.nn.AttentionSpan;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.wan.CausalMasks;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class ForcingObjectiveTest {
  private static final int PATCHES = 4; // of a frame
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
  void diffusionForcingIsTheFlowsErrorWithALevelABlockUnderTheBlockCausalMask() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rng = WholeClips.rng()) {
      var batch = WholeClips.batch(8);
      var levels = NoiseLevels.drawn(rng, 3, LossWeight.BELL, 2, 2);
      var noise = rng.normal(Dtype.FLOAT32, batch.latents().shape());
      var noisy = noised(batch.latents(), noise, levels.sigma());
      var mask = CausalMasks.blockCausal(6, 3, PATCHES, Device.CPU);
      var flow =
          tiny.model()
              .forward(
                  noisy,
                  perFrame(levels.timestep()),
                  WholeClips.positions(0, 6),
                  tiny.prompt(batch),
                  i -> AttentionSpan.masked(mask),
                  6);
      double expected = error(flow, batch.latents(), noise, levels.weight());
      assertThat(tiny.loss(objective(batch, Forcing.DIFFUSION, 0)))
          .isCloseTo(expected, withinPercentage(1e-3));
    }
  }

  @Test
  void teacherForcingTellsTheModelHowNoisyThePastIs() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rng = WholeClips.rng()) {
      var batch = WholeClips.batch(8);
      var levels = NoiseLevels.drawn(rng, 3, LossWeight.BELL, 2, 2);
      var noise = rng.normal(Dtype.FLOAT32, batch.latents().shape());
      var light = NoiseLevels.upTo(0.2, rng, 3, 2, 2);
      double clean =
          teacherForced(
              batch, noise, levels, batch.latents(), perFrame(levels.timestep()).times(0));
      double augmented =
          teacherForced(
              batch,
              noise,
              levels,
              noised(batch.latents(), noise, light.sigma()),
              perFrame(light.timestep()));
      assertThat(tiny.loss(objective(batch, Forcing.TEACHER, 0)))
          .isCloseTo(clean, withinPercentage(1e-3));
      assertThat(tiny.loss(objective(batch, Forcing.TEACHER, 0.2)))
          .isCloseTo(augmented, withinPercentage(1e-3))
          .isNotCloseTo(clean, withinPercentage(1e-3));
    }
  }

  private double teacherForced(
      VideoBatch batch, Tensor noise, NoiseLevels levels, Tensor past, Tensor pastTimes) {
    var mask = CausalMasks.teacherForcing(6, 3, PATCHES, Device.CPU);
    int[] twice = {0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5};
    var flow =
        tiny.model()
            .forward(
                Tensor.cat(List.of(past, noised(batch.latents(), noise, levels.sigma())), 2),
                Tensor.cat(List.of(pastTimes, perFrame(levels.timestep())), 1),
                twice,
                tiny.prompt(batch),
                i -> AttentionSpan.masked(mask),
                6);
    return error(flow, batch.latents(), noise, levels.weight());
  }

  @Test
  void gradientsReachEveryWeightEitherWay() {
    try (var scope = Scope.open()) {
      var batch = WholeClips.batch(8);
      for (var forcing : Forcing.values()) {
        assertThat(tiny.unreached(objective(batch, forcing, 0))).as("%s", forcing).isEmpty();
      }
    }
  }

  @Test
  void theTagSaysWhichForcingItWas() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rng = WholeClips.rng()) {
      var batch = WholeClips.batch(8);
      assertThat(objective(batch, Forcing.DIFFUSION, 0).at(0, rng).parts())
          .containsOnlyKeys("causal/diffusion_forcing");
      assertThat(objective(batch, Forcing.TEACHER, 0).at(0, rng).parts())
          .containsOnlyKeys("causal/teacher_forcing");
    }
  }

  @Test
  void whatDoesNotFitIsRefused() {
    assertThatThrownBy(() -> config(Forcing.DIFFUSION, 3, 0.1))
        .hasMessageContaining("augmentation is 0.1, but in diffusion forcing the past is noisy");
    assertThatThrownBy(() -> config(Forcing.TEACHER, 0, 0))
        .hasMessageContaining("block of at least 1");
    assertThatThrownBy(() -> config(Forcing.TEACHER, 3, 1.1))
        .hasMessageContaining("augmentation in [0, 1], not 3, 3.0, 1.1");
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rng = WholeClips.rng()) {
      var batch = WholeClips.batch(8);
      var odd =
          new ForcingObjective(
              tiny.model(), step -> batch, config(Forcing.DIFFUSION, 4, 0), Dtype.FLOAT32);
      assertThatThrownBy(() -> odd.at(0, rng))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("6 latent frames are not whole blocks of 4");
    }
  }

  private static ForcingObjective.Config config(Forcing forcing, int block, double augmentation) {
    return new ForcingObjective.Config(forcing, block, 3, LossWeight.BELL, augmentation, 0);
  }

  private ForcingObjective objective(VideoBatch batch, Forcing forcing, double augmentation) {
    return new ForcingObjective(
        tiny.model(), step -> batch, config(forcing, 3, augmentation), Dtype.FLOAT32);
  }

  private static Tensor perFrame(Tensor perBlock) {
    return perBlock.unsqueeze(-1).expand(2, 2, 3).reshape(2, 6);
  }

  private static Tensor noised(Tensor clean, Tensor noise, Tensor perBlock) {
    return FlowMatching.noised(clean, noise, perFrame(perBlock).reshape(2, 1, 6, 1, 1));
  }

  private static double error(Tensor flow, Tensor clean, Tensor noise, Tensor weight) {
    double sum = 0;
    for (int block = 0; block < 2; block++) {
      var squares =
          flow.minus(noise.minus(clean)).square().narrow(2, 3 * block, 3).mean(1, 2, 3, 4);
      sum += squares.times(weight.narrow(1, block, 1).reshape(2, 1, 1, 1, 1)).mean().item() / 2;
    }
    return sum;
  }
}
