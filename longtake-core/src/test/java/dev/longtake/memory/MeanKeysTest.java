package dev.longtake.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.testkit.Seeds;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class MeanKeysTest {
  private static final int WIDTH = 1000;

  @Test
  void cosinesAreThoseOfTheSumsInDoublePrecision() {
    Seeds.forEach(
        5,
        seed -> {
          try (var scope = Scope.open();
              var rng = Rng.seeded(seed, Device.CPU);
              var keys = new MeanKeys(1, 4)) {
            Map<Integer, double[]> means = new TreeMap<>();
            for (int first = 0; first < 12; first += 3) {
              var numbers = List.of(first, first + 1, first + 2);
              var drawn = rng.normal(Dtype.FLOAT32, 3, WIDTH).plus(0.3).to(Dtype.BFLOAT16);
              keys.put(List.of(numbers), drawn.unsqueeze(0));
              for (int i = 0; i < 3; i++) {
                means.put(first + i, drawn.select(0, i).toDoubles());
              }
            }
            for (int a = 0; a < 11; a++) {
              for (int b = 0; b < 12; b++) {
                double[] two = plus(means.get(a), means.get(a + 1));
                assertThat(keys.of(0).between(new FrameRange(a, a + 2), FrameRange.of(b)))
                    .isEqualTo(MeanKeys.cosine(two, means.get(b)), within(1e-12));
              }
            }
          }
        });
  }

  @Test
  void onlyFramesThatAreKeptAnswerAndALaterMeanTakesAnEarlierOnesPlace() {
    try (var scope = Scope.open();
        var keys = new MeanKeys(1, 4)) {
      keys.put(List.of(List.of(0, 1, 2)), Tensor.of(new float[] {1, 0, 0, 1, 1, 1}, 1, 3, 2));
      keys.keepOnly(List.of(List.of(0, 2)));
      assertThatThrownBy(() -> keys.of(0).between(0, 1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("no mean key of frame 1 is held");
      assertThat(keys.of(0).between(0, 2)).isEqualTo(Math.sqrt(0.5), within(1e-15));
      keys.put(List.of(List.of(2)), Tensor.of(new float[] {0, 5}, 1, 1, 2));
      assertThat(keys.of(0).between(0, 2)).isZero();
      assertThat(keys.of(0).between(2, 2)).isEqualTo(1);
    }
  }

  @Test
  void videosKeepFramesOfTheirOwnAndAreComparedApart() {
    try (var scope = Scope.open();
        var keys = new MeanKeys(2, 4)) {
      var both = new float[] {1, 0, 0, 1, 1, 1, /* the other's */ 1, 0, 1, 1, 0, 1};
      keys.put(List.of(List.of(0, 1, 2), List.of(0, 1, 2)), Tensor.of(both, 2, 3, 2));
      keys.keepOnly(List.of(List.of(0, 2), List.of(1, 2)));
      keys.put(List.of(List.of(3), List.of(3)), Tensor.of(new float[] {0, 1, /* */ 0, 1}, 2, 1, 2));
      assertThat(keys.of(0).between(0, 3)).isZero();
      assertThat(keys.of(1).between(1, 3)).isEqualTo(Math.sqrt(0.5), within(1e-15));
      assertThat(keys.of(1).between(2, 3)).isEqualTo(1, within(1e-15));
      assertThatThrownBy(() -> keys.of(1).between(0, 3))
          .hasMessage("no mean key of frame 0 is held");
    }
  }

  @Test
  void aFrameOfZerosIsLikeNone() {
    try (var scope = Scope.open();
        var keys = new MeanKeys(1, 4)) {
      keys.put(List.of(List.of(4, 5)), Tensor.of(new float[] {0, 0, 1, 2}, 1, 2, 2));
      assertThat(keys.of(0).between(4, 5)).isZero();
    }
  }

  private static double[] plus(double[] a, double[] b) {
    double[] out = a.clone();
    for (int i = 0; i < out.length; i++) {
      out[i] += b[i];
    }
    return out;
  }
}
