package dev.longtake.nn;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import org.junit.jupiter.api.Test;

class FrameVectorsTest {
  private static final int WIDTH = 8;

  @Test
  void vectorsOfTheLastFramesOfSeveralVideosAreBroughtTogether() {
    try (var scope = Scope.open()) {
      for (int batch = 1; batch <= 3; batch++) {
        for (int last = 1; last <= 4; last++) {
          var view = six(batch, 4).last(last).gate();
          var even = FrameVectors.even(view, tokens(batch, last));

          assertThat(even).isBitwiseEqualTo(view);
          for (long video = 0; video < batch; video++) {
            for (long frame = 0; frame < last; frame++) {
              assertThat(video * even.stride(0) + frame * even.stride(1))
                  .isEqualTo((video * last + frame) * FrameVectors.stride(even));
            }
          }
        }
      }
    }
  }

  @Test
  void vectorsOfAllFramesStayWhereTheyAre() {
    try (var scope = Scope.open()) {
      var all = six(2, 4).scale();

      assertThat(FrameVectors.even(all, tokens(2, 4))).isSameAs(all);
      assertThat(FrameVectors.stride(all)).isEqualTo(6 * WIDTH);
    }
  }

  @Test
  void oneVectorServesAllFrames() {
    try (var scope = Scope.open()) {
      var one = Tensor.zeros(Dtype.FLOAT32, Device.CPU, WIDTH);

      assertThat(FrameVectors.stride(FrameVectors.even(one, tokens(2, 3)))).isZero();
    }
  }

  @Test
  void vectorsOfOtherFramesAreRefused() {
    try (var scope = Scope.open()) {
      assertThatThrownBy(() -> FrameVectors.even(six(1, 4).shift(), tokens(2, 4)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("has not one vector for each frame");
    }
  }

  private static Modulation six(int batch, int frames) {
    try (var scope = Scope.open();
        var rng = Rng.seeded(5, Device.CPU)) {
      var six = rng.normal(Dtype.FLOAT32, batch, frames, 6, WIDTH).chunk(6, 2);
      return new Modulation(scope.keep(six.get(0)), scope.keep(six.get(1)), scope.keep(six.get(2)));
    }
  }

  private static Tensor tokens(int batch, int frames) {
    return Tensor.zeros(Dtype.FLOAT32, Device.CPU, batch, frames, 4, WIDTH);
  }
}
