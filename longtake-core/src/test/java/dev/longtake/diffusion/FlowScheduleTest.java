package dev.longtake.diffusion;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import org.junit.jupiter.api.Test;

class FlowScheduleTest {

  @Test
  void levelsDescendFrom1To0() {
    for (int steps : new int[] {1, 2, 3, 8, 50, 999, 1000}) {
      for (double shift : new double[] {1, 3, 5, 8}) {
        float[] levels = FlowSchedule.levels(steps, shift);
        assertThat(levels).hasSize(steps + 1);
        assertThat(levels[0]).isEqualTo(1);
        assertThat(levels[steps]).isZero();
        for (int i = 0; i < steps; i++) {
          assertThat(levels[i + 1])
              .as("step " + i + " of " + steps + ", shift " + shift)
              .isLessThan(levels[i]);
        }
      }
    }
  }

  @Test
  void levelsAreEvenOnesWarpedByTheShift() {
    float[] even = FlowSchedule.levels(4, 1);
    assertThat(even).containsExactly(1, 0.75f, 0.5f, 0.25f, 0);
    float[] warped = FlowSchedule.levels(4, 5);
    for (int i = 0; i < 5; i++) {
      double u = 1 - i / 4.0;
      assertThat((double) warped[i]).isEqualTo(5 * u / (1 + 4 * u), within(1e-6));
    }
  }

  @Test
  void aTimestepIsAThousandTimesItsLevel() {
    var schedule = FlowSchedule.training(5);
    assertThat(schedule.timesteps()[0]).isEqualTo(1000);
    for (int i = 0; i < 1000; i += 37) {
      assertThat(schedule.timesteps()[i]).isEqualTo(schedule.sigmas()[i] * 1000);
    }
  }

  @Test
  void trainingWeightsAreABellAroundTheMiddleWithMean1() {
    var schedule = FlowSchedule.training(1);
    float[] weights = schedule.weights();
    double sum = 0;
    for (int i = 0; i < weights.length; i++) {
      sum += weights[i];
      assertThat(weights[i]).isBetween(0f, schedule.weightAt(500) + 1e-6f);
    }
    assertThat(sum / weights.length).isEqualTo(1, within(1e-4));
    assertThat(schedule.weightAt(300)).isEqualTo(schedule.weightAt(700), within(1e-4f));
    assertThat(weights[0]).isLessThan(0.01f);
  }

  @Test
  void theNearestEntryIsFoundAndTheFirstOfTwoAsNear() {
    var schedule = FlowSchedule.of(4, 1); // 1000, 750, 500, 250
    assertThat(schedule.nearest(1000)).isZero();
    assertThat(schedule.nearest(760)).isEqualTo(1);
    assertThat(schedule.nearest(625)).isEqualTo(1);
    assertThat(schedule.nearest(0)).isEqualTo(3);
    assertThat(schedule.sigmaAt(510)).isEqualTo(0.5f);
  }

  @Test
  void warpedStepsAreEntriesOfTheTable() {
    var schedule = FlowSchedule.training(5);
    float[] warped = schedule.warp(1000, 750, 500, 250, 0);
    for (int i = 0; i < 4; i++) {
      double u = 1 - i / 4.0;
      assertThat((double) warped[i]).isEqualTo(1000 * 5 * u / (1 + 4 * u), within(1e-3));
    }
    assertThat(warped[4]).isZero();
    assertThatThrownBy(() -> schedule.warp(1001))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("denoising step 1001 is not within 0 to 1000");
    assertThatThrownBy(() -> schedule.warp(-1)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void noiseIsAddedByLevelAndBroadcastOverTheRest() {
    try (var scope = Scope.open()) {
      var clean = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 3, 2);
      var noise = Tensor.of(new float[] {10, 20, 30, 40, 50, 60}, 3, 2);
      var sigma = Tensor.of(new float[] {0, 0.5f, 1}, 3, 1);
      assertThat(FlowSchedule.addNoise(clean, noise, sigma))
          .isBitwiseEqualTo(Tensor.of(new float[] {1, 2, 16.5f, 22, 50, 60}, 3, 2));
    }
  }

  @Test
  void aTableHandedOutIsACopy() {
    var schedule = FlowSchedule.of(3, 1);
    schedule.sigmas()[0] = 9;
    schedule.timesteps()[0] = 9;
    schedule.weights()[0] = 9;
    assertThat(schedule.sigmas()[0]).isEqualTo(1);
    assertThat(schedule.timesteps()[0]).isEqualTo(1000);
    assertThat(schedule.weights()[0]).isNotEqualTo(9);
  }

  @Test
  void noStepsAndNoShiftAreRefused() {
    assertThatThrownBy(() -> FlowSchedule.of(0, 5))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least 1 step")
        .hasMessageContaining("0 and 5.0");
    assertThatThrownBy(() -> FlowSchedule.of(4, 0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> FlowSchedule.of(4, Double.NaN))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
