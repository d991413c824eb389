package dev.longtake.optim;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.testkit.Seeds;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Decoupled weight decay: Loshchilov and Hutter 2019, algorithm 2. */
@ExtendWith(LeakGuard.class)
class AdamWTest {
  private static final AdamW.Config CONFIG = new AdamW.Config(0.9, 0.99, 1e-8, 0.1);

  @Test
  void severalStepsMatchTheFormulaInDoublePrecision() {
    Seeds.times(
        3,
        random -> {
          try (var scope = Scope.open();
              var flat = parameters(random);
              var adam = new AdamW(CONFIG, flat)) {
            double[] w = doubles(flat.values());
            double[] m = new double[w.length];
            double[] v = new double[w.length];
            int decayed = 6; // the matrix comes first
            for (int t = 1; t <= 7; t++) {
              float[] g = numbers(random, w.length);
              double rate = 0.01 * t;
              flat.gradients().copyFrom(Tensor.of(g, g.length));
              adam.step(flat, rate);
              for (int i = 0; i < w.length; i++) {
                m[i] = 0.9 * m[i] + (1 - 0.9) * g[i];
                v[i] = 0.99 * v[i] + (1 - 0.99) * g[i] * g[i];
                double mHat = m[i] / (1 - Math.pow(0.9, t));
                double vHat = v[i] / (1 - Math.pow(0.99, t));
                double decay = i < decayed ? 0.1 : 0;
                w[i] = w[i] - rate * decay * w[i] - rate * mHat / (Math.sqrt(vHat) + 1e-8);
              }
              assertThat(doubles(flat.values())).as("step " + t).containsExactly(w, within(2e-6));
            }
            assertThat(adam.updates()).isEqualTo(7);
            assertThat(doubles(adam.first())).containsExactly(m, within(1e-6));
            assertThat(doubles(adam.second())).containsExactly(v, within(1e-6));
          }
        });
  }

  @Test
  void theFirstStepMovesEveryWeightByTheRateAgainstItsGradient() {
    try (var scope = Scope.open();
        var flat =
            FlatParameters.copyOf(Map.of("b", Tensor.of(new float[] {1, 1, 1}, 3)), Device.CPU);
        var adam = new AdamW(CONFIG, flat)) {
      flat.gradients().copyFrom(Tensor.of(new float[] {100, -0.01f, 0}, 3));
      adam.step(flat, 0.25);
      assertThat(flat.values().toFloats())
          .containsExactly(new float[] {0.75f, 1.25f, 1}, within(1e-6f));
    }
  }

  @Test
  void weightDecayShrinksMatricesAndLeavesVectorsNormsAndModulationsAlone() {
    try (var scope = Scope.open()) {
      Map<String, Tensor> initial = new LinkedHashMap<>();
      initial.put("ffn.weight", Tensor.of(new float[] {2, 4}, 1, 2));
      initial.put("conv.weight", Tensor.of(new float[] {2}, 1, 1, 1, 1, 1));
      initial.put("ffn.bias", Tensor.of(new float[] {2}, 1));
      initial.put("blocks.0.modulation", Tensor.of(new float[] {2}, 1, 1, 1));
      initial.put("blocks.0.norm_q.weight", Tensor.of(new float[] {2}, 1));
      initial.put("middle.norm.gamma", Tensor.of(new float[] {2}, 1, 1, 1));
      try (var flat = FlatParameters.copyOf(initial, Device.CPU);
          var adam = new AdamW(CONFIG, flat)) {
        adam.step(flat, 0.5);
        adam.step(flat, 0.5);
        float once = 1 - 0.5f * 0.1f;
        assertThat(flat.values().toFloats())
            .containsExactly(
                new float[] {2 * once * once, 4 * once * once, 2 * once * once, 2, 2, 2, 2},
                within(1e-6f));
        assertThat(flat.values().narrow(0, 3, 4).toFloats()).containsExactly(2, 2, 2, 2);
      }
    }
  }

  @Test
  void restoredMomentsGoOnBitForBit() {
    var random = new Random(4);
    try (var scope = Scope.open();
        var straight = parameters(new Random(5));
        var stopped = parameters(new Random(5));
        var adam = new AdamW(CONFIG, straight);
        var before = new AdamW(CONFIG, stopped);
        var after = new AdamW(CONFIG, stopped)) {
      for (int t = 0; t < 6; t++) {
        float[] g = numbers(random, (int) straight.count());
        straight.gradients().copyFrom(Tensor.of(g, g.length));
        stopped.gradients().copyFrom(Tensor.of(g, g.length));
        adam.step(straight, 0.01);
        if (t == 3) {
          after.restore(before.updates(), before.first(), before.second());
        }
        (t < 3 ? before : after).step(stopped, 0.01);
      }
      assertThat(after.updates()).isEqualTo(6);
      assertThat(stopped.values()).isBitwiseEqualTo(straight.values());
      assertThat(after.second()).isBitwiseEqualTo(adam.second());
    }
  }

  @Test
  void constantsOutOfRangeAreRefused() {
    assertThatThrownBy(() -> new AdamW.Config(1, 0.9, 1e-8, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("betas in [0, 1)")
        .hasMessageContaining("1.0");
    assertThatThrownBy(() -> new AdamW.Config(0.9, 0.9, 0, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new AdamW.Config(0.9, 0.9, 1e-8, Double.NaN))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static FlatParameters parameters(Random random) {
    try (var scope = Scope.open()) {
      Map<String, Tensor> initial = new LinkedHashMap<>();
      initial.put("weight", Tensor.of(numbers(random, 6), 2, 3));
      initial.put("bias", Tensor.of(numbers(random, 3), 3));
      return FlatParameters.copyOf(initial, Device.CPU);
    }
  }

  private static float[] numbers(Random random, int count) {
    float[] out = new float[count];
    for (int i = 0; i < count; i++) {
      out[i] = (float) random.nextGaussian();
    }
    return out;
  }

  private static double[] doubles(Tensor tensor) {
    float[] from = tensor.toFloats();
    double[] out = new double[from.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = from[i];
    }
    return out;
  }
}
