package dev.longtake.recipes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.longtake.memory.FrameRange;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class LatentLikenessTest {

  @Test
  void framesAreAsAlikeAsTheCosineOfTheirMeanLatents() {
    try (var scope = Scope.open()) {
      // Two channels of three frames: (1, 0), (0, 2), (-3, 0).
      var likeness = LatentLikeness.of(Tensor.of(new float[] {1, 0, -3, 0, 2, 0}, 2, 3, 1, 1));

      assertThat(likeness.between(0, 0)).isEqualTo(1, within(1e-6));
      assertThat(likeness.between(0, 1)).isEqualTo(0, within(1e-6));
      assertThat(likeness.between(0, 2)).isEqualTo(-1, within(1e-6));
      // The mean of the first two is (0.5, 1).
      assertThat(likeness.between(new FrameRange(0, 2), FrameRange.of(0)))
          .isEqualTo(0.5 / Math.hypot(0.5, 1), within(1e-6));
    }
  }

  @Test
  void aFrameOfZerosIsLikeNone() {
    try (var scope = Scope.open()) {
      var likeness = LatentLikeness.of(Tensor.of(new float[] {1, 0, 2, 0}, 2, 2, 1, 1));
      assertThat(likeness.between(0, 1)).isZero();
      assertThat(likeness.between(1, 1)).isZero();
    }
  }
}
