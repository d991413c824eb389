package dev.longtake.eval;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class AxisTest {
  @Test
  void aLinearAxisEndsAtRoundNumbers() {
    assertThat(Axis.linear(0.61, 1.17, 4).ticks().stream().map(Axis::label))
        .containsExactly("0.6", "0.8", "1", "1.2");
    assertThat(Axis.linear(0, 229, 4).ticks()).containsExactly(0.0, 100.0, 200.0, 300.0);
    assertThat(Axis.linear(0, 229, 4).until(229).ticks()).containsExactly(0.0, 100.0, 200.0);
    assertThat(Axis.linear(0, 229, 4).until(229).share(229)).isEqualTo(1);
  }

  @Test
  void aLogarithmicAxisHasFewTicksAndEqualRatios() {
    var narrow = Axis.logarithmic(0.021, 0.9, 6);
    assertThat(narrow.ticks()).containsExactly(0.02, 0.05, 0.1, 0.2, 0.5, 1.0);
    assertThat(narrow.share(0.2) - narrow.share(0.1))
        .isCloseTo(
            narrow.share(0.1) - narrow.share(0.05), org.assertj.core.data.Offset.offset(1e-9));

    var wide = Axis.logarithmic(3e-5, 4, 6);
    assertThat(wide.ticks()).containsExactly(1e-4, 1e-3, 1e-2, 0.1, 1.0);
    assertThat(wide.low()).isEqualTo(2e-5);
    assertThat(wide.high()).isEqualTo(5);

    assertThat(Axis.logarithmic(1e-30, 1e30, 6).ticks()).hasSizeBetween(4, 7);
    assertThat(Axis.logarithmic(1, 100, 6).ticks()).startsWith(1.0).endsWith(100.0);
  }

  @Test
  void labelsHaveTheDigitsThatTheyNeed() {
    assertThat(Axis.label(0.1 + 0.2)).isEqualTo("0.3");
    assertThat(Axis.label(12_000)).isEqualTo("12000");
    assertThat(Axis.label(0)).isEqualTo("0");
    assertThat(Axis.label(1e-5)).isEqualTo("1e-5");
    assertThat(Axis.label(2e7)).isEqualTo("2e7");
  }
}
