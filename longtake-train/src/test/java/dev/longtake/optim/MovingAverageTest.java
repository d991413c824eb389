package dev.longtake.optim;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class MovingAverageTest {

  @Test
  void itStartsAsACopyThatLaterChangesDoNotTouch() {
    try (var scope = Scope.open();
        var flat = parameters(1, 2);
        var average = new MovingAverage(0.9, flat)) {
      flat.values().fill(7);
      assertThat(average.average().toFloats()).containsExactly(1, 2);
    }
  }

  @Test
  void itsDecayGrowsWithTheUpdatesUpToTheGivenOne() {
    try (var scope = Scope.open();
        var flat = parameters(0, 0);
        var average = new MovingAverage(0.5, flat)) {
      double expected = 0;
      for (int t = 1; t <= 20; t++) {
        flat.values().fill(t);
        average.update(flat, t);
        double decay = Math.min(0.5, (1.0 + t) / (10.0 + t)); // 2/11, 3/12 ... then 0.5
        expected = decay * expected + (1 - decay) * t;
        assertThat(average.average().toFloats()[1])
            .as("update " + t)
            .isEqualTo((float) expected, within(1e-5f));
      }
    }
  }

  @Test
  void aDecayOf0FollowsTheWeights() {
    try (var scope = Scope.open();
        var flat = parameters(1, 2);
        var average = new MovingAverage(0, flat)) {
      flat.values().copyFrom(Tensor.of(new float[] {0.3f, 9}, 2));
      average.update(flat, 1);
      assertThat(average.average()).isBitwiseEqualTo(flat.values());
    }
  }

  @Test
  void aDecayOf1IsRefused() {
    try (var scope = Scope.open();
        var flat = parameters(1, 2)) {
      assertThatThrownBy(() -> new MovingAverage(1, flat))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("EMA decay must be in [0, 1), not 1.0");
    }
  }

  private static FlatParameters parameters(float... values) {
    try (var scope = Scope.open()) {
      return FlatParameters.copyOf(Map.of("w", Tensor.of(values, values.length)), Device.CPU);
    }
  }

  @Test
  void anAverageThatFollowsMovesAtItsFullDecayFromWhereItBegan() {
    try (var scope = Scope.open();
        var flat =
            FlatParameters.copyOf(Map.of("w", Tensor.of(new float[] {1, 3}, 2)), Device.CPU);
        var average = new MovingAverage(0.75, flat)) {
      flat.values().fill(5);
      average.follow(flat);
      assertThat(average.average().toFloats()).containsExactly(2, 3.5f);
      average.restart(flat);
      assertThat(average.average().toFloats()).containsExactly(5, 5);
    }
  }
}
