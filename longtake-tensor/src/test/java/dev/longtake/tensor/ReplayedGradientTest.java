package dev.longtake.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("gpu")
class ReplayedGradientTest {
  private static final Device GPU = Device.cuda(0);

  @Test
  void replayedBackwardPassesAddWhatBackwardPassesOneByOneAdd() {
    try (var scope = Scope.open();
        var replayed = ReplayedWork.on(GPU)) {
      float[] plain = gradients(Repeats.AS_IT_COMES);
      float[] again = gradients(replayed);
      for (int i = 0; i < plain.length; i++) {
        assertThat(again[i]).as("number " + i).isCloseTo(plain[i], within(plain[i]));
      }
    }
  }

  private static Offset<Float> within(float value) {
    return Offset.offset(1e-3f * Math.max(1, Math.abs(value)));
  }

  /** Of two layers in BFLOAT16 and attention, summed over five batches. */
  private static float[] gradients(Repeats repeats) {
    try (var scope = Scope.open();
        var rng = Rng.seeded(3, GPU)) {
      var weight = rng.normal(Dtype.FLOAT32, 64, 64).requireGradient(true);
      var gradient = Tensor.zeros(Dtype.FLOAT32, GPU, 64, 64);
      weight.gradientInto(gradient);
      for (int i = 0; i < 5; i++) {
        repeats.run(
            "loss",
            List.of(rng.normal(Dtype.FLOAT32, 2, 32, 64)),
            given -> {
              try (var inner = Scope.open();
                  var on = Gradients.on()) {
                var w = weight.to(Dtype.BFLOAT16);
                var x = Functional.linear(given.getFirst().to(Dtype.BFLOAT16), w, null);
                var heads = x.reshape(2, 32, 2, 32).transpose(1, 2);
                var seen = Functional.attention(heads, heads, heads).transpose(1, 2);
                var made = Functional.linear(Functional.gelu(seen.reshape(2, 32, 64)), w, null);
                var loss = made.to(Dtype.FLOAT32).square().mean();
                loss.backward();
                return inner.keep(loss.detach());
              }
            });
      }
      return gradient.toFloats();
    }
  }
}
