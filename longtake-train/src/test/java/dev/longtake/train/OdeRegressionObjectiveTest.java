package dev.longtake.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.longtake.nn.AttentionSpan;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.wan.CausalMasks;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class OdeRegressionObjectiveTest {
  private static final float[] LEVELS = {1, 0.9f, 0.5f, 0};
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
  void theLossIsTheDistanceOfThePredictedEndFromTheTrajectorysEndOverNoisyFrames() {
    for (var forcing : Forcing.values()) {
      try (var scope = Scope.open();
          var off = Gradients.off();
          var rng = WholeClips.rng()) {
        var batch = batch();
        long[] index = rng.integers(4, 2, 2).toLongs(); // as the objective draws
        assertThat(index).as("the seed makes a clean block and noisy ones").contains(3);
        var clean = batch.states().select(1, 3);
        var rows = new ArrayList<Tensor>();
        float[] sigma = new float[12];
        for (int clip = 0; clip < 2; clip++) {
          var blocks = new ArrayList<Tensor>();
          for (int block = 0; block < 2; block++) {
            int level = (int) index[2 * clip + block];
            blocks.add(batch.states().narrow(0, clip, 1).select(1, level).narrow(2, 3 * block, 3));
            for (int frame = 0; frame < 3; frame++) {
              sigma[6 * clip + 3 * block + frame] = LEVELS[level];
            }
          }
          rows.add(Tensor.cat(blocks, 2));
        }
        var noisy = Tensor.cat(rows, 0);
        var levels = Tensor.of(sigma, 2, 6);
        var flow = flow(forcing, noisy, levels.times(1000), clean, batch);
        var end = noisy.minus(flow.times(levels.reshape(2, 1, 6, 1, 1)));
        float[] errors = end.minus(clean).square().mean(1, 3, 4).toFloats();
        double sum = 0;
        int count = 0;
        for (int i = 0; i < 12; i++) {
          if (sigma[i] > 0) {
            sum += errors[i];
            count++;
          }
        }
        assertThat(tiny.loss(objective(batch, forcing, OdeRegressionObjective.Drawn.ALL)))
            .as("%s", forcing)
            .isCloseTo(sum / count, withinPercentage(1e-3));
      }
    }
  }

  private Tensor flow(Forcing forcing, Tensor noisy, Tensor times, Tensor clean, OdeBatch batch) {
    var prompt = tiny.model().read(batch.text());
    if (forcing == Forcing.DIFFUSION) {
      var mask = CausalMasks.blockCausal(6, 3, 4, Device.CPU);
      return tiny.model()
          .forward(
              noisy, times, WholeClips.positions(0, 6), prompt, i -> AttentionSpan.masked(mask), 6);
    }
    var mask = CausalMasks.teacherForcing(6, 3, 4, Device.CPU);
    return tiny.model()
        .forward(
            Tensor.cat(List.of(clean, noisy), 2),
            Tensor.cat(List.of(times.times(0), times), 1),
            new int[] {0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5},
            prompt,
            i -> AttentionSpan.masked(mask),
            6);
  }

  @Test
  void gradientsReachEveryWeight() {
    try (var scope = Scope.open()) {
      var batch = batch();
      for (var forcing : Forcing.values()) {
        assertThat(tiny.unreached(objective(batch, forcing, OdeRegressionObjective.Drawn.NOISY)))
            .as("%s", forcing)
            .isEmpty();
      }
    }
  }

  @Test
  void withoutTheCleanLevelEveryFrameCounts() {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var batch = batch();
      for (int frame = 0; frame < 6; frame++) {
        var other = batch.states().copy();
        other.narrow(1, 3, 1).narrow(3, frame, 1).fill(2);
        var changed = new OdeBatch(other, batch.text());
        assertThat(
                tiny.loss(
                    objective(changed, Forcing.DIFFUSION, OdeRegressionObjective.Drawn.NOISY)))
            .as("frame " + frame)
            .isNotEqualTo(
                tiny.loss(objective(batch, Forcing.DIFFUSION, OdeRegressionObjective.Drawn.NOISY)));
      }
    }
  }

  @Test
  void whatDoesNotFitIsRefused() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rng = WholeClips.rng()) {
      var batch = batch();
      var config =
          new OdeRegressionObjective.Config(
              Forcing.DIFFUSION, 3, OdeRegressionObjective.Drawn.NOISY);
      var three =
          new OdeRegressionObjective(
              tiny.model(), step -> batch, new float[] {1, 0.5f, 0}, config, Dtype.FLOAT32);
      assertThatThrownBy(() -> three.at(0, rng))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("trajectories of 4 states do not fit 3 levels");
      assertThatThrownBy(
              () ->
                  new OdeRegressionObjective(
                      tiny.model(), step -> batch, new float[] {1}, config, Dtype.FLOAT32))
          .hasMessageContaining("levels must be at least 2 and end at 0");
    }
  }

  private OdeRegressionObjective objective(
      OdeBatch batch, Forcing forcing, OdeRegressionObjective.Drawn drawn) {
    return new OdeRegressionObjective(
        tiny.model(),
        step -> batch,
        LEVELS,
        new OdeRegressionObjective.Config(forcing, 3, drawn),
        Dtype.FLOAT32);
  }

  private static OdeBatch batch() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(8, Device.CPU)) {
      return new OdeBatch(
          scope.keep(rng.normal(Dtype.FLOAT32, 2, 4, Tiny.CHANNELS, 6, Tiny.SIDE, Tiny.SIDE)),
          scope.keep(rng.normal(Dtype.FLOAT32, 2, 4, Tiny.WAN.textDim())));
    }
  }
}
