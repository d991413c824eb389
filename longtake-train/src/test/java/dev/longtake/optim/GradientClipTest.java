package dev.longtake.optim;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class GradientClipTest {

  @Test
  void largeGradientsAreScaledToTheNormAndKeepTheirDirection() {
    try (var scope = Scope.open();
        var flat = withGradients(3, 0, 4)) {
      assertThat(GradientClip.apply(flat, 2).item()).isEqualTo(5);
      assertThat(flat.gradients().toFloats())
          .containsExactly(new float[] {1.2f, 0, 1.6f}, within(1e-6f));
    }
  }

  @Test
  void smallGradientsKeepEveryBit() {
    try (var scope = Scope.open();
        var flat = withGradients(0.3f, -1e-30f, 0.123456789f)) {
      var before = flat.gradients().copy();
      double norm = GradientClip.apply(flat, 1).item();
      assertThat(norm).isEqualTo(Math.hypot(0.3f, 0.123456789f), within(1e-7));
      assertThat(flat.gradients()).isBitwiseEqualTo(before);
    }
  }

  @Test
  void noGradientsAtAllStayZero() {
    try (var scope = Scope.open();
        var flat = withGradients(0, 0, 0)) {
      assertThat(GradientClip.apply(flat, 1).item()).isZero();
      assertThat(flat.gradients()).isBitwiseEqualTo(Tensor.zeros(Dtype.FLOAT32, Device.CPU, 3));
    }
  }

  @Test
  void aBrokenGradientDoesNotSpread() {
    for (float broken : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      try (var scope = Scope.open();
          var flat = withGradients(1, broken, 2)) {
        assertThat(GradientClip.apply(flat, 1).item()).isNotFinite();
        float[] after = flat.gradients().toFloats();
        assertThat(after[0]).isFinite();
        assertThat(after[1]).isNotFinite();
        assertThat(after[2]).isFinite();
      }
    }
  }

  private static FlatParameters withGradients(float... gradients) {
    try (var scope = Scope.open()) {
      var zeros = Tensor.zeros(Dtype.FLOAT32, Device.CPU, gradients.length);
      var flat = FlatParameters.copyOf(Map.of("w", zeros), Device.CPU);
      flat.gradients().copyFrom(Tensor.of(gradients, gradients.length));
      return flat;
    }
  }
}
