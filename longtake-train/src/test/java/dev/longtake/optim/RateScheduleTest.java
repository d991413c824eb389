package dev.longtake.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class RateScheduleTest {
  private static final RateSchedule RATE = new RateSchedule(2e-3, 10, 110, 0.1);

  @Test
  void itRisesLinearlyFromTheFirstStepToThePeak() {
    assertThat(RATE.at(0)).isEqualTo(2e-4, within(1e-12));
    assertThat(RATE.at(4)).isEqualTo(1e-3, within(1e-12));
    assertThat(RATE.at(9)).isEqualTo(2e-3, within(1e-12));
    assertThat(RATE.at(10)).isEqualTo(2e-3, within(1e-12));
  }

  @Test
  void itFallsAlongAHalfCosineToTheFloorAndStaysThere() {
    assertThat(RATE.at(60)).isEqualTo(2e-3 * (0.1 + 0.9 / 2), within(1e-12));
    assertThat(RATE.at(35)).isEqualTo(2e-3 * (0.1 + 0.9 * (1 + Math.sqrt(0.5)) / 2), within(1e-12));
    assertThat(RATE.at(110)).isEqualTo(2e-4, within(1e-12));
    assertThat(RATE.at(1_000_000)).isEqualTo(2e-4, within(1e-12));
  }

  @Test
  void itNeverRisesAfterTheWarmup() {
    for (int step = 10; step < 120; step++) {
      assertThat(RATE.at(step + 1)).as("step " + step).isLessThanOrEqualTo(RATE.at(step));
    }
  }

  @Test
  void withoutWarmupItStartsAtThePeakAndAFloorOf1KeepsItThere() {
    assertThat(new RateSchedule(1, 0, 5, 0).at(0)).isEqualTo(1);
    assertThat(new RateSchedule(1, 0, 5, 1).at(4)).isEqualTo(1);
  }

  @Test
  void itFallsInAStraightLineIfToldSo() {
    var line = new RateSchedule(2e-3, 10, 110, 0.1, RateSchedule.Shape.LINEAR);
    assertThat(line.at(4)).isEqualTo(1e-3, within(1e-12));
    assertThat(line.at(60)).isEqualTo(2e-3 * (0.1 + 0.9 / 2), within(1e-12));
    assertThat(line.at(35)).isEqualTo(2e-3 * (0.1 + 0.9 * 3 / 4), within(1e-12));
    assertThat(line.at(500)).isEqualTo(2e-4, within(1e-12));
  }

  @Test
  void aConstantRateStaysAfterItsWarmupAndHasNoFloor() {
    var flat = new RateSchedule(3e-3, 2, 5, 1, RateSchedule.Shape.CONSTANT);
    assertThat(flat.at(0)).isEqualTo(1.5e-3, within(1e-12));
    assertThat(flat.at(2)).isEqualTo(3e-3);
    assertThat(flat.at(99)).isEqualTo(3e-3);
    assertThatThrownBy(() -> new RateSchedule(1, 0, 5, 0.1, RateSchedule.Shape.CONSTANT))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("give floor 1");
  }

  @Test
  void aWarmupThatOutlastsTheScheduleIsStillFollowed() {
    assertThat(new RateSchedule(1, 10, 5, 0).at(7)).isEqualTo(0.8, within(1e-12));
  }

  @Test
  void itIsToldWithoutTheNoiseOfBinaryFractions() {
    assertThat(new RateSchedule(3e-4, 100, 4000, 0.03))
        .hasToString("rising over 100 steps, 0.0003 to 0.000009 at step 4000, cosine");
    assertThat(new RateSchedule(2e-6, 0, 600, 1, RateSchedule.Shape.CONSTANT))
        .hasToString("constant 0.000002");
    assertThat(new RateSchedule(4e-7, 0, 600, 1, RateSchedule.Shape.CONSTANT))
        .hasToString("constant 4E-7");
  }

  @Test
  void valuesOutOfRangeAreRefused() {
    assertThatThrownBy(() -> new RateSchedule(0, 0, 1, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("a finite peak above 0")
        .hasMessageContaining("0.0, 0, 1, 0.0");
    assertThatThrownBy(() -> new RateSchedule(1, -1, 1, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new RateSchedule(1, 0, 0, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new RateSchedule(1, 0, 1, 1.5))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
