package dev.longtake.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.longtake.diffusion.FlowSchedule;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.testkit.LeakGuard;
import java.util.HashSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class NoiseLevelsTest {

  @Test
  void everyLevelIsAnEntryOfTheTableWithItsTimestepAndWeight() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(1, Device.CPU)) {
      var table = FlowSchedule.training(5);
      var levels = NoiseLevels.drawn(rng, 5, LossWeight.BELL, 50, 2);
      float[] sigma = levels.sigma().toFloats();
      float[] time = levels.timestep().toFloats();
      float[] weight = levels.weight().toFloats();
      for (int i = 0; i < sigma.length; i++) {
        assertThat(sigma[i]).isEqualTo(table.sigmaAt(time[i]));
        assertThat(weight[i]).isEqualTo(table.weightAt(time[i]));
      }
      assertThat(levels.sigma().shape()).containsExactly(50, 2);
      var even = NoiseLevels.drawn(rng, 5, LossWeight.EVEN, 50);
      assertThat(even.weight().toFloats()).containsOnly(1);
    }
  }

  @Test
  void entriesAreDrawnEvenly() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(2, Device.CPU)) {
      var levels = NoiseLevels.drawn(rng, 1, LossWeight.BELL, 200_000);
      assertThat(levels.sigma().mean().item()).isCloseTo(0.5005, within(2e-3));
      assertThat(levels.weight().mean().item()).isCloseTo(1, within(5e-3));
      var seen = new HashSet<Float>();
      for (float sigma : levels.sigma().toFloats()) {
        seen.add(sigma);
      }
      assertThat(seen).hasSize(1000);
    }
  }

  @Test
  void levelsUpToALimitAreAllOfTheTablesEntriesBelowIt() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(3, Device.CPU)) {
      float[] drawn = NoiseLevels.upTo(0.1, rng, 1, 5000).sigma().toFloats();
      var seen = new HashSet<Float>();
      for (float sigma : drawn) {
        assertThat(sigma).isPositive().isLessThanOrEqualTo(0.1f);
        seen.add(sigma);
      }
      assertThat(seen).hasSizeBetween(99, 100);
      assertThatThrownBy(() -> NoiseLevels.upTo(1e-4, rng, 1, 5))
          .hasMessageContaining("no level of the table is as low as 1.0E-4");
    }
  }
}
