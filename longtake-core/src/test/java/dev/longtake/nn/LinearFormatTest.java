package dev.longtake.nn;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Functional;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.testkit.Seeds;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class LinearFormatTest {
  private static final List<LinearFormat> EIGHT_BITS =
      List.of(LinearFormat.FP8, LinearFormat.FP8_ROWS);

  @Test
  void eightBitsStayWithinThreeBitsOfMantissa() {
    Seeds.forEach(
        5,
        seed -> {
          try (var scope = Scope.open();
              var rng = Rng.seeded(seed, Device.CPU)) {
            var x = rng.normal(Dtype.FLOAT32, 2, 3, 64);
            for (var format : EIGHT_BITS) {
              var eights = format.operand(x);
              assertThat(eights.values()).hasShape(2, 3, 64).hasDtype(Dtype.FLOAT8_E4M3);
              var back = eights.rows().to(Dtype.FLOAT32).times(eights.scale());
              assertThat(back.reshape(2, 3, 64)).isCloseTo(x, 0.04);
              assertThat(back.abs().max()).isCloseTo(x.abs().max(), 1e-6);
            }
          }
        });
  }

  @Test
  void aRowOfSmallNumbersBesideALargeOneNeedsAScaleOfItsOwn() {
    try (var scope = Scope.open()) {
      var x = Tensor.of(new float[] {1000, 1000, 1e-3f, 2e-3f}, 2, 2);
      var shared = LinearFormat.FP8.operand(x);
      var own = LinearFormat.FP8_ROWS.operand(x);
      assertThat(shared.rows().to(Dtype.FLOAT32).times(shared.scale()).toFloats())
          .containsExactly(1000, 1000, 0, 0);
      assertThat(own.rows().to(Dtype.FLOAT32).times(own.scale())).isCloseTo(x, 1e-6);
    }
  }

  @Test
  void zerosStayZeros() {
    try (var scope = Scope.open()) {
      for (var format : EIGHT_BITS) {
        var zeros = format.operand(Tensor.zeros(Dtype.FLOAT32, Device.CPU, 3, 8));
        assertThat(zeros.values().to(Dtype.FLOAT32).toFloats()).containsOnly(0);
        assertThat(zeros.scale()).isFinite();
      }
    }
  }

  @Test
  void aLayerInEightBitsIsNearTheOriginalAndFreesIt() {
    Seeds.forEach(
        5,
        seed -> {
          try (var scope = Scope.open();
              var rng = Rng.seeded(seed, Device.CPU)) {
            var x = rng.normal(Dtype.FLOAT32, 2, 5, 48);
            for (var format : EIGHT_BITS) {
              try (var weights = Weights.random(rng, Dtype.FLOAT32);
                  var same = Weights.from(copyOf(weights))) {
                var whole = Linear.of(weights, 48, 32);
                var eights = format.linear(same, 48, 32);
                assertThat(eights.forward(x)).isCloseTo(whole.forward(x), 0.05);
                assertThat(eights.forward(format.operand(x))).isBitwiseEqualTo(eights.forward(x));
                assertThat(same.taken().keySet()).isEqualTo(weights.taken().keySet());
                assertThat(same.taken().get("weight")).hasDtype(Dtype.FLOAT8_E4M3);
                assertThat(same.parameters()).isEqualTo(weights.parameters());
              }
            }
          }
        });
  }

  @Test
  void joinedLayersAreTheSameOnesSideBySide() {
    var names = List.of("q", "k", "v");
    Seeds.forEach(
        3,
        seed -> {
          for (var format : LinearFormat.values()) {
            try (var scope = Scope.open();
                var rng = Rng.seeded(seed, Device.CPU);
                var weights = Weights.random(rng, Dtype.FLOAT32);
                var same = Weights.from(copyOf(weights))) {
              var apart = names.stream().map(name -> Linear.of(weights.at(name), 48, 32)).toList();
              apart.forEach(layer -> layer.bias().copyFrom(rng.normal(Dtype.FLOAT32, 32)));
              var joined = format.joined(same, names, 48, 32);
              var x = Operand.of(rng.normal(Dtype.FLOAT32, 2, 5, 48));
              double near = format == LinearFormat.AS_STORED ? 1e-6 : 0.05;
              for (int i = 0; i < 3; i++) {
                var wanted = apart.get(i).forward(x);
                assertThat(joined.forward(x).get(i)).hasShape(2, 5, 32).isCloseTo(wanted, near);
                assertThat(joined.forward(i, x)).isCloseTo(joined.forward(x).get(i), 1e-6);
              }
              assertThat(same.shapes()).isEqualTo(weights.shapes());
              same.taken().get("k.bias").fill(7); // what is loaded into a weight reaches both forms
              var shifted = apart.get(1).forward(x).minus(apart.get(1).bias()).plus(7);
              assertThat(joined.forward(x).get(1)).isCloseTo(shifted, near);
              assertThat(joined.forward(1, x)).isCloseTo(shifted, near);
            }
          }
        });
  }

  @Test
  void whatIsEmulatedIsWhatTheEightBitOperatorComputes() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(7, Device.CPU);
        var weights = Weights.random(rng, Dtype.FLOAT32)) {
      var x = LinearFormat.FP8.operand(rng.normal(Dtype.BFLOAT16, 32, 64));
      var layer = (EightBitLinear) LinearFormat.FP8.linear(weights, 64, 48);
      var real =
          Functional.scaledLinear(
              x.values(),
              x.scale(),
              layer.weight(),
              layer.scale(),
              layer.bias().to(Dtype.BFLOAT16));
      assertThat(layer.forward(x)).hasDtype(Dtype.BFLOAT16).isCloseTo(real, 5e-3);
    }
  }

  @Test
  void aLayerAsStoredTakesNoEightBits() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(1, Device.CPU);
        var weights = Weights.random(rng, Dtype.FLOAT32)) {
      var layer = LinearFormat.AS_STORED.linear(weights, 8, 8);
      var eights = LinearFormat.FP8.operand(rng.normal(Dtype.FLOAT32, 2, 8));
      assertThatThrownBy(() -> layer.forward(eights))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("weights of type FLOAT32 take no");
    }
  }

  private static Weights.Source copyOf(Weights weights) {
    return new Weights.Source() {
      @Override
      public Tensor read(String name, Init init, long... shape) {
        return weights.taken().get(name).copy();
      }

      @Override
      public java.util.Set<String> names() {
        return weights.taken().keySet();
      }
    };
  }
}
