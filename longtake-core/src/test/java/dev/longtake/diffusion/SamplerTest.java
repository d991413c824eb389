package dev.longtake.diffusion;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Samplers on denoisers whose answer is known in closed form. */
@ExtendWith(LeakGuard.class)
class SamplerTest {
  private static final long[] SHAPE = {1, 2, 3, 2, 2};

  private static final List<Sampler> SAMPLERS =
      List.of(
          new EulerSampler(FlowSchedule.levels(1, 5)),
          new EulerSampler(FlowSchedule.levels(8, 3)),
          new FewStepSampler(1000),
          new FewStepSampler(FlowSchedule.training(5).warp(1000, 750, 500, 250)));

  /** The flow of a distribution that is a single point: v = (x − x₀) / σ. */
  private static Denoiser pointAt(Tensor clean) {
    return (noisy, timestep) -> noisy.minus(clean).times(1000 / timestep);
  }

  @Test
  void aSinglePointIsRecoveredExactly() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(1, Device.CPU)) {
      var clean = rng.normal(Dtype.FLOAT32, SHAPE);
      var noise = rng.normal(Dtype.FLOAT32, SHAPE);
      for (var sampler : SAMPLERS) {
        assertThat(sampler.sample(pointAt(clean), noise, rng))
            .as(sampler.toString())
            .isCloseTo(clean, 1e-6);
      }
    }
  }

  @Test
  void theNoiseIsLeftAsItIs() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(2, Device.CPU)) {
      var noise = rng.normal(Dtype.FLOAT32, SHAPE);
      var before = noise.copy();
      for (var sampler : SAMPLERS) {
        sampler.sample(pointAt(noise.times(0)), noise, rng);
        assertThat(noise).isBitwiseEqualTo(before);
      }
    }
  }

  @Test
  void theDenoiserIsAskedOncePerStepAtItsTimestep() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(3, Device.CPU)) {
      var noise = rng.normal(Dtype.FLOAT32, SHAPE);
      for (var sampler : SAMPLERS) {
        var asked = new ArrayList<Double>();
        sampler.sample(
            (noisy, timestep) -> {
              asked.add(timestep);
              return noisy.times(0);
            },
            noise,
            rng);
        assertThat(asked).hasSize(sampler.steps());
        assertThat(asked.getFirst()).isEqualTo(1000);
        assertThat(asked).isSortedAccordingTo((a, b) -> Double.compare(b, a)).doesNotContain(0.0);
      }
    }
  }

  @Test
  void eulerFollowsAConstantFlowToItsEnd() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(4, Device.CPU)) {
      var noise = rng.normal(Dtype.FLOAT32, SHAPE);
      var flow = rng.normal(Dtype.FLOAT32, SHAPE);
      var end = new EulerSampler(FlowSchedule.levels(5, 3)).sample((x, t) -> flow, noise, rng);
      assertThat(end).isCloseTo(noise.minus(flow), 1e-6);
    }
  }

  @Test
  void eulerDrawsNothingAndFewStepsDrawFreshNoiseBetweenSteps() {
    try (var scope = Scope.open();
        var noiseRng = Rng.seeded(5, Device.CPU);
        var one = Rng.seeded(6, Device.CPU);
        var same = Rng.seeded(6, Device.CPU);
        var other = Rng.seeded(7, Device.CPU)) {
      var noise = noiseRng.normal(Dtype.FLOAT32, SHAPE);
      Denoiser half = (x, t) -> x.times(0.5);
      var euler = new EulerSampler(1, 0.5f, 0);
      assertThat(euler.sample(half, noise, one)).isBitwiseEqualTo(euler.sample(half, noise, other));
      var few = new FewStepSampler(1000, 500);
      // one and same stand where they began: Euler drew nothing.
      var sampled = few.sample(half, noise, one);
      assertThat(sampled).isBitwiseEqualTo(few.sample(half, noise, same));
      assertThat(sampled.toFloats()).isNotEqualTo(few.sample(half, noise, other).toFloats());
    }
  }

  @Test
  void aFewStepSampleIsWhatItsDefinitionSays() {
    try (var scope = Scope.open();
        var noiseRng = Rng.seeded(8, Device.CPU);
        var rng = Rng.seeded(9, Device.CPU);
        var same = Rng.seeded(9, Device.CPU)) {
      var noise = noiseRng.normal(Dtype.FLOAT32, SHAPE);
      Denoiser denoiser = (x, t) -> x.times(0.25);
      var sampled = new FewStepSampler(1000, 600).sample(denoiser, noise, rng);
      var clean = noise.minus(noise.times(0.25)); // x₀ = x − 1 · v
      var again = clean.times(0.4).plus(same.normal(Dtype.FLOAT32, SHAPE).times(0.6));
      assertThat(sampled).isCloseTo(again.minus(again.times(0.25).times(0.6)), 1e-6);
    }
  }

  @Test
  void guidanceGoesFromTheUnconditionalThroughTheConditional() {
    try (var scope = Scope.open()) {
      var x = Tensor.of(new float[] {0}, 1);
      Denoiser conditional = (noisy, t) -> Tensor.of(new float[] {3}, 1);
      Denoiser unconditional = (noisy, t) -> Tensor.of(new float[] {1}, 1);
      assertThat(Denoiser.guided(conditional, unconditional, 1).flow(x, 500).item()).isEqualTo(3);
      assertThat(Denoiser.guided(conditional, unconditional, 2.5).flow(x, 500).item()).isEqualTo(6);
      assertThat(Denoiser.guided(conditional, unconditional, 0).flow(x, 500).item()).isEqualTo(1);
    }
  }

  @Test
  void withoutGuidanceTheUnconditionalIsNotAsked() {
    Denoiser never =
        (noisy, t) -> {
          throw new AssertionError("asked");
        };
    Denoiser conditional = (noisy, t) -> noisy;
    assertThat(Denoiser.guided(conditional, never, 1)).isSameAs(conditional);
  }

  @Test
  void levelsThatDoNotDescendAreRefused() {
    assertThatThrownBy(() -> new EulerSampler(1, 0.5f))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("levels must descend from at most 1 to 0, not [1.0, 0.5]");
    assertThatThrownBy(() -> new EulerSampler()).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new EulerSampler(0.5f, 0.7f, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new FewStepSampler(1000, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("above 0");
    assertThatThrownBy(() -> new FewStepSampler(1001)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new FewStepSampler()).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aSamplersLevelsCannotBeChangedFromOutside() {
    float[] levels = {1, 0.5f, 0};
    var sampler = new EulerSampler(levels);
    levels[1] = 7;
    sampler.levels()[1] = 7;
    assertThat(sampler.levels()).containsExactly(1, 0.5f, 0);
  }
}
