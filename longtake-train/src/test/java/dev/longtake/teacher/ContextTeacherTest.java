package dev.longtake.teacher;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.longtake.diffusion.EulerSampler;
import dev.longtake.diffusion.FlowSchedule;
import dev.longtake.nn.AttentionSpan;
import dev.longtake.nn.Weights;
import dev.longtake.rollout.ModelConfig.SamplerKind;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.train.ContextTimestep;
import dev.longtake.wan.Prompt;
import dev.longtake.wan.WanTransformer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class ContextTeacherTest {
  private static final Parts PARTS = TinyTeacher.PARTS;

  @Test
  void theReleasedSamplingIsThatOfSectionK5() {
    assertThat(ContextTeacher.SAMPLING.kind()).isEqualTo(SamplerKind.EULER);
    assertThat(ContextTeacher.SAMPLING.guidance()).isEqualTo(5);
    var levels = ((EulerSampler) ContextTeacher.SAMPLING.sampler()).levels();
    assertThat(levels).hasSize(51).isEqualTo(FlowSchedule.levels(50, 5));
    assertThat(1000 * levels[49]).isCloseTo(92.593f, within(1e-3f));
  }

  @Test
  void theCleanContextStandsBeforeTheTargetInEveryStepAndGuidanceIsUPlusSTimesCMinusU() {
    for (var time : ContextTimestep.values()) {
      try (var scope = Scope.open();
          var parameters = TinyTeacher.transformer(4);
          var weights = Weights.from(parameters);
          var off = Gradients.off();
          var rng = Rng.seeded(3, Device.CPU)) {
        var model = WanTransformer.of(weights, TinyTeacher.WAN);
        var states = rng.normal(Dtype.FLOAT32, 1, 5, 8);
        var prompt = model.read(states);
        var empty = model.read(states.times(0));
        var context = rng.normal(Dtype.FLOAT32, 1, 2, 4, 4, 4);
        var kept = context.copy();
        var noise = rng.normal(Dtype.FLOAT32, 1, 2, 3, 4, 4);
        float[] levels = FlowSchedule.levels(3, 5);

        var x = noise.copy();
        for (int i = 0; i < 3; i++) {
          var u = flow(model, kept, x, levels[i], time, empty);
          var c = flow(model, kept, x, levels[i], time, prompt);
          var v = u.plus(c.minus(u).times(5));
          x = x.plus(v.times(levels[i + 1] - levels[i]));
        }

        var teacher = new ContextTeacher(model, time, Dtype.FLOAT32);
        var target =
            teacher.generate(
                context, PARTS, prompt, empty, 5, new EulerSampler(levels), noise, rng);
        assertThat(target).isCloseTo(x, 1e-5);
        assertThat(context).isBitwiseEqualTo(kept);
        var moved =
            teacher.generate(
                context.plus(0.5), PARTS, prompt, empty, 5, new EulerSampler(levels), noise, rng);
        assertThat(moved.minus(target).abs().max().item()).isGreaterThan(1e-4);
      }
    }
  }

  /** One pass written out: all frames predicted, the target's taken. */
  private static Tensor flow(
      WanTransformer model,
      Tensor context,
      Tensor noisy,
      float sigma,
      ContextTimestep time,
      Prompt prompt) {
    float t = sigma * 1000;
    float c = time == ContextTimestep.ZERO ? 0 : t;
    var times = Tensor.of(new float[] {c, c, c, c, t, t, t}, 1, 7);
    return model
        .forward(
            Tensor.cat(List.of(context, noisy), 2),
            times,
            new int[] {0, 1, 2, 3, 4, 5, 6},
            prompt,
            layer -> AttentionSpan.FULL,
            7)
        .narrow(2, 4, 3);
  }

  @Test
  void aContextOfAnotherLengthIsRefused() {
    try (var scope = Scope.open();
        var parameters = TinyTeacher.transformer(4);
        var weights = Weights.from(parameters);
        var rng = Rng.seeded(3, Device.CPU)) {
      var model = WanTransformer.of(weights, TinyTeacher.WAN);
      var prompt = model.read(rng.normal(Dtype.FLOAT32, 1, 5, 8));
      var teacher = new ContextTeacher(model, ContextTimestep.ZERO, Dtype.FLOAT32);
      assertThatThrownBy(
              () -> teacher.given(rng.normal(Dtype.FLOAT32, 1, 2, 3, 4, 4), prompt, PARTS))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("a context of 3 frames does not fill Parts[sink=1");
    }
  }
}
