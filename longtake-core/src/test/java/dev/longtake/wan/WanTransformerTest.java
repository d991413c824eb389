package dev.longtake.wan;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.nn.AttentionSpan;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class WanTransformerTest {
  private static final int[] POSITIONS = {0, 1, 2};

  @Test
  void aFreshTransformerPredictsZero() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rng = Rng.seeded(1, Device.CPU);
        var weights = Weights.random(rng, Dtype.FLOAT32)) {
      var model = WanTransformer.of(weights, TinyWan.CONFIG);
      var prompt = model.read(rng.normal(Dtype.FLOAT32, 2, 3, 6));
      var latents = rng.normal(Dtype.FLOAT32, 2, TinyWan.CHANNELS, 3, 4, 6);
      var flow = model.forward(latents, times(2, 500), POSITIONS, prompt);
      assertThat(flow).hasShape(latents.shape());
      assertThat(flow.abs().max().item()).isZero();
    }
  }

  @Test
  void halfPrecisionStaysCloseToSinglePrecision() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rng = Rng.seeded(2, Device.CPU);
        var tiny = TinyWan.drawn(3)) {
      var latents = rng.normal(Dtype.FLOAT32, 1, TinyWan.CHANNELS, 3, 4, 4);
      var exact = tiny.model().forward(latents, times(1, 700), POSITIONS, tiny.prompt());
      var half = Dtype.BFLOAT16;
      var prompt = tiny.model().read(tiny.states().to(half));
      var rounded = tiny.model().forward(latents.to(half), times(1, 700), POSITIONS, prompt);
      assertThat(rounded).hasDtype(Dtype.FLOAT32).isCloseTo(exact, 3e-2);
      assertThat(rounded.toFloats()).isNotEqualTo(exact.toFloats());
    }
  }

  @Test
  void onlyTheFramesAskedForArePredictedAndTheyAreTheLast() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rng = Rng.seeded(4, Device.CPU);
        var tiny = TinyWan.drawn(3)) {
      var latents = rng.normal(Dtype.FLOAT32, 1, TinyWan.CHANNELS, 3, 4, 4);
      var all = tiny.model().forward(latents, times(1, 300), POSITIONS, tiny.prompt());
      var last =
          tiny.model()
              .forward(
                  latents, times(1, 300), POSITIONS, tiny.prompt(), i -> AttentionSpan.FULL, 1);
      assertThat(last).isCloseTo(all.narrow(2, 2, 1), 1e-6);
    }
  }

  @Test
  void timestepPositionPromptAndNeighboursAllMatter() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rng = Rng.seeded(5, Device.CPU);
        var tiny = TinyWan.drawn(3)) {
      var model = tiny.model();
      var latents = rng.normal(Dtype.FLOAT32, 1, TinyWan.CHANNELS, 3, 4, 4);
      var flow = model.forward(latents, times(1, 300), POSITIONS, tiny.prompt());
      assertDiffers(flow, model.forward(latents, times(1, 301), POSITIONS, tiny.prompt()));
      assertDiffers(
          flow, model.forward(latents, times(1, 300), new int[] {0, 1, 9}, tiny.prompt()));
      var unprompted = model.read(tiny.states().times(0));
      assertDiffers(flow, model.forward(latents, times(1, 300), POSITIONS, unprompted));
      var other = latents.copy();
      other.narrow(2, 2, 1).fill(1);
      assertDiffers(
          flow.narrow(2, 0, 1),
          model.forward(other, times(1, 300), POSITIONS, tiny.prompt()).narrow(2, 0, 1));
    }
  }

  @Test
  void shortTextIsPaddedWithZerosAndLongTextRefused() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rng = Rng.seeded(6, Device.CPU);
        var tiny = TinyWan.drawn(3)) {
      var latents = rng.normal(Dtype.FLOAT32, 1, TinyWan.CHANNELS, 3, 4, 4);
      var states = rng.normal(Dtype.FLOAT32, 1, 5, 6);
      states.narrow(1, 3, 2).fill(0);
      var full = tiny.model().read(states);
      var cut = tiny.model().read(states.narrow(1, 0, 3));
      assertThat(tiny.model().forward(latents, times(1, 300), POSITIONS, cut))
          .isBitwiseEqualTo(tiny.model().forward(latents, times(1, 300), POSITIONS, full));
      assertThatThrownBy(() -> tiny.model().read(Tensor.zeros(Dtype.FLOAT32, Device.CPU, 1, 6, 6)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("6 text tokens are more than the 5 that fit");
    }
  }

  @Test
  void sizesThatDoNotFitAreRefusedNamingBoth() {
    assertThatThrownBy(() -> new WanConfig(10, 8, 8, 8, 4, 2, 4, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("dim 10 does not split into 4 heads of even width");
    assertThatThrownBy(() -> new WanConfig(8, 8, 7, 8, 4, 2, 2, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("freq_dim must be even, not 7");
    assertThatThrownBy(() -> new WanConfig(8, 8, 8, 8, 4, 2, 2, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(WanConfig.T2V_1_3B.headDim()).isEqualTo(128);
    assertThat(WanConfig.T2V_14B.headDim()).isEqualTo(128);
  }

  private static Tensor times(int batch, double timestep) {
    return Tensor.full(timestep, Dtype.FLOAT32, Device.CPU, batch, 3);
  }

  private static void assertDiffers(Tensor one, Tensor other) {
    assertThat(other.minus(one).abs().max().item()).isGreaterThan(1e-5);
  }
}
