package dev.longtake.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Scope;
import dev.longtake.testkit.LeakGuard;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class BackboneObjectiveTest {
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
  void theLossIsTheFlowsWeightedErrorAtOneLevelAClip() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rng = WholeClips.rng()) {
      var batch = WholeClips.batch(8);
      var clean = batch.latents();
      var levels = NoiseLevels.drawn(rng, 3, LossWeight.BELL, 2);
      var noise = rng.normal(Dtype.FLOAT32, clean.shape());
      double expected = 0;
      for (int clip = 0; clip < 2; clip++) {
        double sigma = levels.sigma().select(0, clip).item();
        var x = clean.narrow(0, clip, 1);
        var e = noise.narrow(0, clip, 1);
        var noisy = x.times(1 - sigma).plus(e.times(sigma));
        var times = levels.timestep().narrow(0, clip, 1).unsqueeze(1).expand(1, 6);
        var prompt = tiny.model().read(batch.text().narrow(0, clip, 1));
        var flow = tiny.model().forward(noisy, times, WholeClips.positions(0, 6), prompt);
        double error = flow.minus(e.minus(x)).square().mean().item();
        expected += levels.weight().select(0, clip).item() * error / 2;
      }
      assertThat(tiny.loss(objective(batch, LossWeight.BELL, 0)))
          .isCloseTo(expected, withinPercentage(1e-3));
      assertThat(tiny.loss(objective(batch, LossWeight.EVEN, 0))).isNotEqualTo(expected);
    }
  }

  @Test
  void everyFrameSeesEveryFrame() {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var batch = WholeClips.batch(8);
      var other = batch.latents().copy();
      other.narrow(2, 5, 1).fill(0.5);
      var changed = new VideoBatch(other, batch.text());
      assertThat(tiny.loss(objective(changed, LossWeight.EVEN, 0)))
          .isNotEqualTo(tiny.loss(objective(batch, LossWeight.EVEN, 0)));
    }
  }

  @Test
  void gradientsReachEveryWeight() {
    try (var scope = Scope.open()) {
      assertThat(tiny.unreached(objective(WholeClips.batch(8), LossWeight.BELL, 0))).isEmpty();
    }
  }

  @Test
  void aHiddenCaptionDoesNotMatter() {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var batch = WholeClips.batch(8);
      var other = new VideoBatch(batch.latents(), batch.text().times(2));
      assertThat(tiny.loss(objective(other, LossWeight.EVEN, 1)))
          .isEqualTo(tiny.loss(objective(batch, LossWeight.EVEN, 1)));
      assertThat(tiny.loss(objective(other, LossWeight.EVEN, 0)))
          .isNotEqualTo(tiny.loss(objective(batch, LossWeight.EVEN, 0)));
    }
  }

  @Test
  void valuesOutOfRangeAreRefused() {
    assertThatThrownBy(() -> new BackboneObjective.Config(0, LossWeight.BELL, 0))
        .hasMessageContaining("shift must be above 0, not 0.0");
    assertThatThrownBy(() -> new BackboneObjective.Config(1, LossWeight.BELL, 1.5))
        .hasMessageContaining("prompt_dropout must be in [0, 1], not 1.5");
  }

  private BackboneObjective objective(VideoBatch batch, LossWeight weight, double dropout) {
    return new BackboneObjective(
        tiny.model(),
        step -> batch,
        new BackboneObjective.Config(3, weight, dropout),
        Dtype.FLOAT32);
  }
}
