package dev.longtake.wan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.nn.Weights;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.testkit.TensorAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a network as deep as Wan's loses in BFLOAT16. */
@ExtendWith(LeakGuard.class)
class SumsTest {
  private static final WanConfig DEEP = new WanConfig(192, 512, 64, 32, 16, 16, 6, 30);

  /** With sums rounded after every branch it would be 1.3 percent. */
  @Test
  void thirtyLayersStayWithinOnePercentOfFloat32() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rng = Rng.seeded(4, Device.CPU);
        var weights = Weights.random(rng, Dtype.FLOAT32)) {
      var model = WanTransformer.of(weights, DEEP);
      weights
          .taken()
          .forEach(
              (name, weight) -> {
                double noise = name.endsWith("modulation") ? 0.5 : 0.02;
                weight.plusInPlace(rng.normal(Dtype.FLOAT32, weight.shape()), noise);
                weight.copyFrom(weight.to(Dtype.BFLOAT16).to(Dtype.FLOAT32));
              });
      var latents = rounded(rng.normal(Dtype.FLOAT32, 1, 16, 2, 8, 12));
      var text = rounded(rng.normal(Dtype.FLOAT32, 1, 16, 32));

      var whole = flow(model, latents, text, Dtype.FLOAT32);
      var narrow = flow(model, latents, text, Dtype.BFLOAT16);

      assertThat(narrow.dtype()).isEqualTo(Dtype.FLOAT32);
      assertThat(TensorAssert.relativeError(narrow, whole)).isBetween(1e-3, 1e-2);
    }
  }

  private static Tensor flow(WanTransformer model, Tensor latents, Tensor text, Dtype dtype) {
    var timesteps = Tensor.full(700, Dtype.FLOAT32, Device.CPU, 1, 2);
    return model.forward(
        latents.to(dtype), timesteps, new int[] {0, 1}, model.read(text.to(dtype)));
  }

  private static Tensor rounded(Tensor tensor) {
    return tensor.to(Dtype.BFLOAT16).to(Dtype.FLOAT32);
  }
}
