package dev.longtake.train;

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
class FlowMatchingTest {

  @Test
  void noiseLevelsAreEvenOnesWarped() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(1, Device.CPU);
        var same = Rng.seeded(1, Device.CPU)) {
      float[] sigmas = FlowMatching.sigmas(rng, 3, 1000, 1).toFloats();
      float[] uniform = same.uniform(Dtype.FLOAT32, 1000, 1).toFloats();
      double sum = 0;
      for (int i = 0; i < sigmas.length; i++) {
        double u = 1 - uniform[i];
        assertThat((double) sigmas[i]).isEqualTo(3 * u / (1 + 2 * u), within(1e-6));
        assertThat(sigmas[i]).isGreaterThan(0).isLessThanOrEqualTo(1);
        sum += sigmas[i];
      }
      // ∫ 3u / (1 + 2u) du over [0, 1] = 3/2 − 3/4 · ln 3
      assertThat(sum / sigmas.length).isEqualTo(1.5 - 0.75 * Math.log(3), within(0.03));
    }
  }

  @Test
  void aShiftOf1LeavesThemEven() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(2, Device.CPU);
        var same = Rng.seeded(2, Device.CPU)) {
      assertThat(FlowMatching.sigmas(rng, 1, 50))
          .isBitwiseEqualTo(same.uniform(Dtype.FLOAT32, 50).negated().plus(1));
    }
  }

  @Test
  void theLossIsTheMeanSquareOfWhatTheFlowMisses() {
    try (var scope = Scope.open()) {
      var clean = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2);
      var noise = Tensor.of(new float[] {0, 5, -1, 4}, 2, 2);
      var flow = noise.minus(clean);
      assertThat(FlowMatching.loss(flow, clean, noise).item()).isZero();
      var off = Tensor.of(new float[] {1, 0, 0, -3}, 2, 2);
      assertThat(FlowMatching.loss(flow.plus(off), clean, noise).item()).isEqualTo(2.5);
    }
  }

  @Test
  void theLossOfAHalfPrecisionFlowIsTakenInSinglePrecision() {
    try (var scope = Scope.open()) {
      var clean = Tensor.of(new float[] {0, 0}, 2);
      var noise = Tensor.of(new float[] {1.001f, 1}, 2); // BFLOAT16 knows no 1.001
      var loss = FlowMatching.loss(noise.to(Dtype.BFLOAT16), clean, noise);
      assertThat(loss).hasDtype(Dtype.FLOAT32);
      assertThat(loss.item()).isEqualTo(0.001 * 0.001 / 2, within(1e-9));
    }
  }

  @Test
  void cleanLatentsComeBackFromNoisyOnesAlongTheFlow() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(3, Device.CPU)) {
      var clean = rng.normal(Dtype.FLOAT32, 4, 2, 3);
      var noise = rng.normal(Dtype.FLOAT32, 4, 2, 3);
      var sigma = Tensor.of(new float[] {0, 0.25f, 0.7f, 1}, 4, 1, 1);
      var noisy = FlowMatching.noised(clean, noise, sigma);
      assertThat(noisy.select(0, 0)).isBitwiseEqualTo(clean.select(0, 0));
      assertThat(noisy.select(0, 3)).isBitwiseEqualTo(noise.select(0, 3));
      var flow = noise.minus(clean);
      assertThat(noisy.minus(flow.times(sigma))).isCloseTo(clean, 1e-6);
    }
  }
}
