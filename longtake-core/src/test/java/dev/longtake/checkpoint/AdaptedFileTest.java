package dev.longtake.checkpoint;

import static dev.longtake.testkit.TensorAssert.relativeError;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LeakGuard.class)
class AdaptedFileTest {
  private static final LowRank SIZES = new LowRank(2, 3);

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "base_model.model.blocks.0.ffn.0.lora_%s.default.weight",
        "base_model.model.blocks.0.ffn.0.lora_%s.weight",
        "blocks.0.ffn.0.lora_%s.weight",
        "base_model.model._fsdp_wrapped_module.blocks.0._checkpoint_wrapped_module.ffn.0.lora_%s.weight"
      })
  void theProductOfTheFactorsIsAddedByTheirScale(String key) {
    try (var scope = Scope.open();
        var rng = Rng.seeded(5, Device.CPU)) {
      var weight = rng.normal(Dtype.FLOAT32, 4, 3);
      var a = rng.normal(Dtype.FLOAT32, 2, 3);
      var b = rng.normal(Dtype.FLOAT32, 4, 2);
      var base = write("base", Map.of("model.blocks.0.ffn.0.weight", weight, "model.w", a));
      var adapter = write("lora", Map.of(key.replace("%s", "A"), a, key.replace("%s", "B"), b));
      try (var merged = AdaptedFile.merged(base, KeyMap.unwrapping(), adapter, SIZES)) {
        var wanted = weight.plus(b.matmul(a).times(1.5));
        assertThat(merged.names()).isEqualTo(base.names());
        assertThat(merged.adapted()).isEqualTo(1);
        var read = merged.read("model.blocks.0.ffn.0.weight");
        assertThat(relativeError(read, wanted)).isLessThan(1e-6);
        assertThat(relativeError(merged.read("model.w"), a)).isZero();
      }
    }
  }

  @Test
  void anotherRankIsRefused() {
    refused(
        "x",
        new long[] {2, 3},
        new long[] {4, 2},
        new LowRank(4, 4),
        "have shapes [2, 3] and [4, 2], not of rank 4");
  }

  @Test
  void aTargetThatTheModelLacksIsRefused() {
    refused("y", new long[] {2, 3}, new long[] {4, 2}, SIZES, "adapts 'y.weight', which");
  }

  @Test
  void aWeightOfAnotherShapeIsRefused() {
    refused(
        "x",
        new long[] {2, 5},
        new long[] {4, 2},
        SIZES,
        "adapts a weight of shape [4, 5], 'x.weight' has [4, 3]");
  }

  @Test
  void aFactorAloneIsRefused() {
    try (var scope = Scope.open()) {
      var adapter = write("lora", Map.of("x.lora_A.weight", zeros(2, 3)));
      assertThatThrownBy(() -> merge(adapter, SIZES))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("'x.lora_A.weight' has no other factor beside it");
    }
  }

  @Test
  void whatIsNoFactorIsRefused() {
    try (var scope = Scope.open()) {
      var adapter = write("lora", Map.of("x.weight", zeros(4, 3)));
      assertThatThrownBy(() -> merge(adapter, SIZES))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("'x.weight' is no factor lora_A or lora_B");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"A", "B"})
  void aFactorThatIsNotFiniteIsNamedAndNotTheBase(String broken) {
    try (var scope = Scope.open()) {
      var nan = Tensor.of(new float[] {1, Float.NaN, 3, 4, 5, 6, 7, 8}, 8);
      var a = broken.equals("A") ? nan.narrow(0, 0, 6).reshape(2, 3) : zeros(2, 3);
      var b = broken.equals("B") ? nan.reshape(4, 2) : zeros(4, 2);
      var adapter = write("lora", Map.of("x.lora_A.weight", a, "x.lora_B.weight", b));
      var base = write("base", Map.of("x.weight", zeros(4, 3)));
      try (var merged = AdaptedFile.merged(base, KeyMap.identity(), adapter, SIZES)) {
        assertThatThrownBy(() -> merged.read("x.weight"))
            .isInstanceOf(CheckpointException.class)
            .hasMessageContainingAll(
                "lora.safetensors: tensor 'x.lora_" + broken + ".weight' holds NaN or infinity")
            .hasMessageNotContaining("base");
      }
    }
  }

  @Test
  void sizesThatMeanNothingAreRefused() {
    assertThatThrownBy(() -> new LowRank(0, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new LowRank(1, Double.NaN))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("NaN");
  }

  private void refused(String target, long[] a, long[] b, LowRank sizes, String why) {
    try (var scope = Scope.open()) {
      Map<String, Tensor> factors = new LinkedHashMap<>();
      factors.put(target + ".lora_A.weight", zeros(a));
      factors.put(target + ".lora_B.weight", zeros(b));
      var adapter = write("lora", factors);
      assertThatThrownBy(() -> merge(adapter, sizes))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining(why);
    }
  }

  private void merge(TensorFile adapter, LowRank sizes) {
    var base = write("base", Map.of("x.weight", zeros(4, 3)));
    AdaptedFile.merged(base, KeyMap.identity(), adapter, sizes).close();
  }

  private TensorFile write(String name, Map<String, Tensor> tensors) {
    var path = folder.resolve(name + ".safetensors");
    Safetensors.write(path, tensors, Map.of());
    return Safetensors.open(path);
  }

  private static Tensor zeros(long... shape) {
    return Tensor.zeros(Dtype.FLOAT32, Device.CPU, shape);
  }
}
