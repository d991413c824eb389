package dev.longtake.optim;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.nn.Init;
import dev.longtake.nn.Linear;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class FlatParametersTest {

  @Test
  void weightsLieOneAfterTheOtherInTheOrderTheyWereDrawn() {
    try (var scope = Scope.open();
        var flat = twoLayers()) {
      assertThat(flat.names()).containsExactly("a.weight", "a.bias", "b.weight", "b.bias");
      assertThat(flat.count()).isEqualTo(6 + 2 + 2 + 1);
      assertThat(flat.values().shape()).containsExactly(11);
      assertThat(flat.view(flat.values(), "b.weight"))
          .isBitwiseEqualTo(flat.values().narrow(0, 8, 2).reshape(1, 2));
      assertThat(flat.view(flat.values(), "a.bias").toFloats()).containsExactly(0, 0);
    }
  }

  @Test
  void aModelReadsTheSameMemoryAndItsGradientsArriveInTheOther() {
    try (var scope = Scope.open();
        var flat = twoLayers();
        var weights = Weights.from(flat)) {
      var layer = Linear.of(weights.at("a"), 3, 2);
      var x = Tensor.of(new float[] {1, 2, 3}, 1, 3);
      flat.values().fill(1);
      assertThat(layer.forward(x).toFloats()).containsExactly(7, 7);

      layer.forward(x).sum().backward();
      layer.forward(x).sum().backward();
      assertThat(flat.gradients().toFloats()).containsExactly(2, 4, 6, 2, 4, 6, 2, 2, 0, 0, 0);
    }
  }

  @Test
  void aModelBuiltFromThemTrains() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(11, Device.CPU);
        var flat = twoLayers();
        var weights = Weights.from(flat);
        var adam = new AdamW(new AdamW.Config(0.9, 0.99, 1e-8, 0), flat)) {
      var first = Linear.of(weights.at("a"), 3, 2);
      var second = Linear.of(weights.at("b"), 2, 1);
      var x = rng.normal(Dtype.FLOAT32, 32, 3);
      var y = x.matmul(Tensor.of(new float[] {1, -2, 0.5f}, 3, 1)).plus(0.25);
      double begun = 0;
      double ended = 0;
      for (int step = 0; step < 200; step++) {
        try (var inner = Scope.open()) {
          flat.gradients().fill(0);
          var loss = second.forward(first.forward(x)).minus(y).square().mean();
          loss.backward();
          adam.step(flat, 0.05);
          ended = loss.item();
          begun = step == 0 ? ended : begun;
        }
      }
      assertThat(begun).isGreaterThan(0.5);
      assertThat(ended).isLessThan(0.01);
    }
  }

  @Test
  void everyIndexIsNamedAfterItsWeight() {
    try (var scope = Scope.open();
        var flat = twoLayers()) {
      assertThat(flat.nameAt(0)).isEqualTo("a.weight");
      assertThat(flat.nameAt(5)).isEqualTo("a.weight");
      assertThat(flat.nameAt(6)).isEqualTo("a.bias");
      assertThat(flat.nameAt(8)).isEqualTo("b.weight");
      assertThat(flat.nameAt(10)).isEqualTo("b.bias");
      assertThatThrownBy(() -> flat.nameAt(11))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("index 11 is outside the 11 trained numbers");
      assertThatThrownBy(() -> flat.nameAt(-1)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void aWeightOfAnotherShapeOrNameIsRefusedNamingBoth() {
    try (var scope = Scope.open();
        var flat = twoLayers()) {
      assertThatThrownBy(() -> flat.read("a.weight", Init.ZEROS, 3, 2))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("a.weight was drawn as [2, 3], the model needs [3, 2]");
      assertThatThrownBy(() -> flat.read("c.weight", Init.ZEROS, 3, 2))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("no trained weight is called c.weight");
      assertThatThrownBy(() -> flat.view(flat.values(), "c"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("no trained weight is called c");
    }
  }

  private static FlatParameters twoLayers() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(3, Device.CPU);
        var drawn = Weights.random(rng, Dtype.FLOAT32)) {
      Linear.of(drawn.at("a"), 3, 2);
      Linear.of(drawn.at("b"), 2, 1);
      return FlatParameters.copyOf(drawn.taken(), Device.CPU);
    }
  }

  @Test
  void aPartIsAViewOfTheWeightsWhoseNamesStartSo() {
    try (var scope = Scope.open();
        var flat = FlatParameters.copyOf(twoNetworks(), Device.CPU);
        var second = flat.part("b.")) {
      assertThat(second.names()).containsExactly("b.norm.weight", "b.weight");
      assertThat(second.values().toFloats()).containsExactly(3, 4, 5, 6, 7, 8);
      second.values().fill(9);
      second.view(second.gradients(), "b.norm.weight").fill(1);
      assertThat(flat.values().toFloats()).containsExactly(1, 2, 9, 9, 9, 9, 9, 9);
      assertThat(flat.gradients().toFloats()).containsExactly(0, 0, 1, 1, 0, 0, 0, 0);
      assertThat(second.decayMask().toFloats()).containsExactly(0, 0, 1, 1, 1, 1);
      assertThat(second.nameAt(2)).isEqualTo("b.weight");
    }
  }

  @Test
  void aPartThatIsNotThereOrNotInOneRowIsRefused() {
    try (var scope = Scope.open()) {
      Map<String, Tensor> mixed = new LinkedHashMap<>(twoNetworks());
      mixed.put("a.more", Tensor.of(new float[] {0}, 1));
      try (var flat = FlatParameters.copyOf(mixed, Device.CPU)) {
        assertThatThrownBy(() -> flat.part("c."))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessage("no trained weight is called c.*");
        assertThatThrownBy(() -> flat.part("a."))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("do not stand in one row");
      }
    }
  }

  private static Map<String, Tensor> twoNetworks() {
    Map<String, Tensor> weights = new LinkedHashMap<>();
    weights.put("a.weight", Tensor.of(new float[] {1, 2}, 2));
    weights.put("b.norm.weight", Tensor.of(new float[] {3, 4}, 2));
    weights.put("b.weight", Tensor.of(new float[] {5, 6, 7, 8}, 2, 2));
    return weights;
  }
}
