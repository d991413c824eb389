package dev.longtake.nn;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class RotaryTest {
  private static final int WIDTH = 16; // 8 pairs: 4 turn with time, 2 with row, 2 with column

  @Test
  void everyPairTurnsByItsAxisPositionAndFrequency() {
    try (var scope = Scope.open()) {
      float[] ones = new float[2 * 2 * 3 * WIDTH];
      for (int i = 0; i < ones.length; i += 2) {
        ones[i] = 1; // the number 1 of each pair, so that what comes out is the rotation itself
      }
      var x = Tensor.of(ones, 1, 2 * 2 * 3, 1, WIDTH);
      float[] out = Rotary.at(new int[] {5, 40}, 2, 3, WIDTH, Device.CPU).apply(x).toFloats();
      int[] times = {5, 40};
      for (int frame = 0; frame < 2; frame++) {
        for (int row = 0; row < 2; row++) {
          for (int column = 0; column < 3; column++) {
            int token = (frame * 2 + row) * 3 + column;
            for (int pair = 0; pair < 8; pair++) {
              double angle =
                  pair < 4
                      ? times[frame] * Math.pow(10000, -2.0 * pair / 8)
                      : pair < 6
                          ? row * Math.pow(10000, -2.0 * (pair - 4) / 4)
                          : column * Math.pow(10000, -2.0 * (pair - 6) / 4);
              int at = token * WIDTH + 2 * pair;
              assertThat((double) out[at]).isEqualTo(Math.cos(angle), within(1e-6));
              assertThat((double) out[at + 1]).isEqualTo(Math.sin(angle), within(1e-6));
            }
          }
        }
      }
    }
  }

  @Test
  void productsDependOnTheDistanceInTimeOnly() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(1, Device.CPU)) {
      var q = rng.normal(Dtype.FLOAT32, 1, 1, 2, WIDTH);
      var k = rng.normal(Dtype.FLOAT32, 1, 1, 2, WIDTH);
      double near = product(q, 7, k, 3);
      assertThat(product(q, 1007, k, 1003)).isEqualTo(near, within(1e-4));
      assertThat(product(q, 8, k, 3)).isNotCloseTo(near, within(1e-3));
    }
  }

  @Test
  void theFirstPositionLeavesEverythingAndTheTypeStays() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(2, Device.CPU)) {
      var x = rng.normal(Dtype.FLOAT32, 1, 1, 2, WIDTH);
      var first = Rotary.at(new int[] {0}, 1, 1, WIDTH, Device.CPU);
      assertThat(first.apply(x)).isBitwiseEqualTo(x);
      assertThat(first.apply(x.to(Dtype.BFLOAT16))).hasDtype(Dtype.BFLOAT16);
    }
  }

  private static double product(Tensor q, int qAt, Tensor k, int kAt) {
    var turnedQ = Rotary.at(new int[] {qAt}, 1, 1, WIDTH, Device.CPU).apply(q);
    var turnedK = Rotary.at(new int[] {kAt}, 1, 1, WIDTH, Device.CPU).apply(k);
    return turnedQ.times(turnedK).sum().item();
  }
}
