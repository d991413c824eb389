package dev.longtake.nn;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class WeightsTest {

  @Test
  void whatWasHandedOutIsListedByFullNameInOrder() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(1, Device.CPU);
        var weights = Weights.random(rng, Dtype.FLOAT32)) {
      Linear.of(weights.at("b").at("0"), 3, 2);
      Linear.unbiased(weights.at("a"), Init.XAVIER, 2, 1);
      assertThat(weights.taken().keySet()).containsExactly("b.0.weight", "b.0.bias", "a.weight");
      assertThat(weights.parameters()).isEqualTo(6 + 2 + 2);
      assertThat(weights.spare()).isEmpty();
    }
  }

  @Test
  void theSameSeedDrawsTheSameWeights() {
    try (var scope = Scope.open();
        var one = Rng.seeded(1, Device.CPU);
        var two = Rng.seeded(1, Device.CPU);
        var a = Weights.random(one, Dtype.FLOAT32);
        var b = Weights.random(two, Dtype.FLOAT32)) {
      var first = Linear.of(a, 4, 4);
      var second = Linear.of(b, 4, 4);
      assertThat(second.weight()).isBitwiseEqualTo(first.weight());
    }
  }

  @Test
  void aWeightCannotBeTakenTwice() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(1, Device.CPU);
        var weights = Weights.random(rng, Dtype.FLOAT32)) {
      weights.at("a").take("weight", Init.ONES, 2);
      assertThatThrownBy(() -> weights.take("a.weight", Init.ONES, 2))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("weight a.weight was taken twice");
      assertThat(weights.taken()).hasSize(1);
    }
  }

  @Test
  void whatNobodyTookIsSpare() {
    try (var scope = Scope.open();
        var weights =
            Weights.from(
                new Weights.Source() {
                  @Override
                  public Tensor read(String name, Init init, long... shape) {
                    return Tensor.zeros(Dtype.FLOAT32, Device.CPU, shape);
                  }

                  @Override
                  public Set<String> names() {
                    return Set.of("x", "y", "z");
                  }
                })) {
      weights.take("y", Init.ZEROS, 1);
      assertThat(weights.spare()).containsExactly("x", "z");
    }
  }

  @Test
  void anOutlineHasNamesAndShapesInTheMemoryOfOneNumber() {
    try (var scope = Scope.open();
        var weights = Weights.outline()) {
      Linear.of(weights.at("huge"), 1L << 40, 3); // 13 TB, if it were there
      assertThat(weights.taken().get("huge.weight")).hasShape(3, 1L << 40);
      assertThat(weights.parameters()).isEqualTo(3 * (1L << 40) + 3);
    }
  }

  @Test
  void freshWeightsHaveTheSpreadTheyAreSaidToHave() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(2, Device.CPU)) {
      assertThat(Init.ONES.draw(rng, 3).toFloats()).containsOnly(1);
      assertThat(Init.ZEROS.draw(rng, 3).toFloats()).containsOnly(0);
      var normal = Init.normal(0.02).draw(rng, 100, 100);
      assertThat(Math.sqrt(normal.square().mean().item())).isEqualTo(0.02, within(5e-4));
      // √(6 / (40 + 60)) and 1 / √(60 · 3 · 3); a uniform spread has a third of the square.
      assertUniform(Init.XAVIER.draw(rng, 40, 60), Math.sqrt(0.06));
      assertUniform(Init.FAN_IN.draw(rng, 40, 60, 3, 3), 1 / Math.sqrt(540));
    }
  }

  private static void assertUniform(Tensor drawn, double bound) {
    assertThat(drawn.abs().max().item()).isBetween(0.97 * bound, bound * (1 + 1e-6));
    assertThat(Math.sqrt(3 * drawn.square().mean().item())).isEqualTo(bound, within(0.05 * bound));
    assertThat(drawn.mean().item()).isEqualTo(0, within(0.05 * bound));
  }

  @Test
  void aLayersResultHasTheTypeOfWhatGoesIn() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(3, Device.CPU);
        var weights = Weights.random(rng, Dtype.FLOAT32)) {
      var x = rng.normal(Dtype.FLOAT32, 2, 4);
      var linear = Linear.of(weights.at("linear"), 4, 3);
      var norm = LayerNorm.affine(weights.at("norm"), 4, 1e-6);
      var rms = RmsNorm.of(weights.at("rms"), 4, 1e-6);
      assertThat(linear.forward(x.to(Dtype.BFLOAT16))).hasDtype(Dtype.BFLOAT16).hasShape(2, 3);
      assertThat(norm.forward(x.to(Dtype.BFLOAT16))).hasDtype(Dtype.BFLOAT16);
      assertThat(rms.forward(x.to(Dtype.BFLOAT16))).hasDtype(Dtype.BFLOAT16);
      assertThat(linear.forward(x.to(Dtype.BFLOAT16))).isCloseTo(linear.forward(x), 2e-2);
    }
  }
}
