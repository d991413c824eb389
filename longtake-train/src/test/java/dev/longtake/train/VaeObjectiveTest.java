package dev.longtake.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.longtake.nn.Weights;
import dev.longtake.optim.FlatParameters;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.vae.Moments;
import dev.longtake.vae.WanVae;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class VaeObjectiveTest {

  @Test
  void theDivergenceIsThatOfTwoNormalDistributions() {
    try (var scope = Scope.open()) {
      float[] means = {0, 1.5f, -2, 0.1f};
      float[] logVariances = {0, 0.7f, -3, 2};
      double expected = 0;
      for (int i = 0; i < means.length; i++) {
        double variance = Math.exp(logVariances[i]);
        // KL(N(m, s²) ‖ N(0, 1)) = ½ (m² + s² − 1 − ln s²)
        expected += 0.5 * (means[i] * means[i] + variance - 1 - Math.log(variance)) / 4;
      }
      var mean = Tensor.of(means, 4);
      var logVariance = Tensor.of(logVariances, 4);
      double divergence = VaeObjective.divergence(mean, logVariance).item();
      assertThat(divergence).isEqualTo(expected, within(1e-6));
      assertThat(divergence)
          .isEqualTo(new Moments(mean, logVariance).divergence().item(), within(1e-6));
      assertThat(VaeObjective.divergence(mean.times(0), logVariance.times(0)).item()).isZero();
    }
  }

  @Test
  void theLossIsMadeOfItsParts() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(1, Device.CPU);
        var flat = Tiny.vaeParameters(2);
        var weights = Weights.from(flat);
        var vae = WanVae.of(Tiny.VAE, weights)) {
      var loss = new VaeObjective(vae, Tiny::clip, Dtype.FLOAT32, 0.25).at(3, rng);
      assertThat(loss.parts()).containsOnlyKeys("vae/l1", "vae/mse", "vae/kl");
      assertThat(loss.parts().values()).noneMatch(Tensor::requiresGradient);
      double l1 = loss.parts().get("vae/l1").item();
      double mse = loss.parts().get("vae/mse").item();
      double kl = loss.parts().get("vae/kl").item();
      assertThat(mse).isGreaterThanOrEqualTo(l1 * l1 * (1 - 1e-6));
      assertThat(loss.total().item()).isEqualTo(l1 + mse + 0.25 * kl, within(1e-5));
    }
  }

  @Test
  void gradientsReachEveryWeightOfEncoderAndDecoder() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(1, Device.CPU);
        var flat = Tiny.vaeParameters(2);
        var weights = Weights.from(flat);
        var vae = WanVae.of(Tiny.VAE, weights)) {
      new VaeObjective(vae, Tiny::clip, Dtype.FLOAT32, 1e-3).at(0, rng).total().backward();
      assertThat(flat.names()).isNotEmpty().allSatisfy(name -> assertReached(flat, name));
    }
  }

  @Test
  void theDecodersOwnObjectiveReachesTheDecoderOnly() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(1, Device.CPU);
        var flat = Tiny.vaeParameters(2);
        var weights = Weights.from(flat);
        var vae = WanVae.of(Tiny.VAE, weights)) {
      new DecoderObjective(vae, Tiny::clip, Dtype.FLOAT32).at(0, rng).total().backward();
      assertThat(flat.names())
          .allSatisfy(
              name -> {
                if (name.startsWith("decoder.") || name.startsWith("conv2.")) {
                  assertReached(flat, name);
                } else {
                  assertThat(flat.view(flat.gradients(), name).abs().max().item())
                      .as(name)
                      .isZero();
                }
              });
    }
  }

  @Test
  void aNegativeWeightIsRefused() {
    try (var scope = Scope.open();
        var flat = Tiny.vaeParameters(2);
        var weights = Weights.from(flat);
        var vae = WanVae.of(Tiny.VAE, weights)) {
      assertThatThrownBy(() -> new VaeObjective(vae, Tiny::clip, Dtype.FLOAT32, -1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("divergence_weight must be at least 0, not -1.0");
    }
  }

  private static void assertReached(FlatParameters flat, String name) {
    assertThat(flat.view(flat.gradients(), name).abs().max().item()).as(name).isPositive();
  }
}
