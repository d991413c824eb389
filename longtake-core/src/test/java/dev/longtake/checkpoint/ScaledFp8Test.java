package dev.longtake.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.nn.Init;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakGuard.class)
class ScaledFp8Test {
  @TempDir Path folder;

  @Test
  void aWeightIsMultipliedByItsScaleAsItIsRead() {
    try (var scope = Scope.open()) {
      var tensors = weight();
      tensors.put("q.scale_weight", Tensor.of(new float[] {0.25f}));
      tensors.put("q.scale_input", Tensor.of(new float[] {7}));
      tensors.put("scaled_fp8", Tensor.empty(Dtype.FLOAT8_E4M3, Device.CPU, 0));
      tensors.put("norm.weight", Tensor.of(new float[] {5}, 1));
      try (var file = ScaledFp8.of(write(tensors))) {
        assertThat(file.names()).containsExactlyInAnyOrder("q.weight", "norm.weight");
        assertThat(file.dtype("q.weight")).isEqualTo(Dtype.FLOAT32);
        assertThat(file.read("q.weight").toFloats()).containsExactly(0.25f, 0.5f, 0.75f, -112);
        assertThat(file.read("norm.weight").item()).isEqualTo(5);
      }
    }
  }

  @Test
  void aScalePerRowMultipliesItsRow() {
    try (var scope = Scope.open()) {
      var tensors = weight();
      tensors.put("q.weight_scale", Tensor.of(new float[] {2, 10}, 2, 1));
      try (var file = ScaledFp8.of(write(tensors))) {
        assertThat(file.read("q.weight").toFloats()).containsExactly(2, 4, 30, -4480);
      }
    }
  }

  @Test
  void plainEightBitWeightsAreReadAsTheNumbersTheyAre() {
    try (var scope = Scope.open();
        var plain = write(weight())) {
      assertThat(ScaledFp8.of(plain)).isSameAs(plain);
      var source = new CheckpointSource(plain, KeyMap.identity(), Dtype.BFLOAT16, Device.CPU);
      try (var weights = Weights.from(source.refusingNonFinite())) {
        var read = weights.take("q.weight", Init.ZEROS, 2, 2);
        assertThat(read.dtype()).isEqualTo(Dtype.BFLOAT16);
        assertThat(read.toFloats()).containsExactly(1, 2, 3, -448);
      }
    }
  }

  @Test
  void theWiderRangeOfE5m2IsReadToo() {
    try (var scope = Scope.open()) {
      var wide = Tensor.of(new float[] {57344, -0.5f}, 2).to(Dtype.FLOAT8_E5M2);
      try (var file = write(Map.of("w", wide))) {
        assertThat(file.dtype("w")).isEqualTo(Dtype.FLOAT8_E5M2);
        assertThat(file.read("w").to(Dtype.FLOAT32).toFloats()).containsExactly(57344, -0.5f);
      }
    }
  }

  @Test
  void aScaleWithoutItsWeightIsRefused() {
    try (var scope = Scope.open()) {
      var tensors = weight();
      tensors.put("k.scale_weight", Tensor.of(new float[] {1}));
      var file = write(tensors);
      assertThatThrownBy(() -> ScaledFp8.of(file))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("'k.scale_weight' scales 'k.weight', but there is no such weight");
    }
  }

  @Test
  void aScaleThatFitsNothingIsRefused() {
    try (var scope = Scope.open()) {
      var tensors = weight();
      tensors.put("q.scale_weight", Tensor.of(new float[] {1, 2, 3}, 3));
      var file = write(tensors);
      assertThatThrownBy(() -> ScaledFp8.of(file))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("its 3 numbers fit neither the weight nor its rows");
      var single = Tensor.of(new float[] {2}).to(Dtype.FLOAT8_E4M3);
      var two = Tensor.of(new float[] {1, 2}, 2);
      var bare = write(Map.of("q.weight", single, "q.scale_weight", two));
      assertThatThrownBy(() -> ScaledFp8.of(bare))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("its 2 numbers fit neither");
      var twice =
          write(Map.of("q.weight", single, "q.scale_weight", zero(), "q.weight_scale", zero()));
      assertThatThrownBy(() -> ScaledFp8.of(twice))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("there is another scale for it");
      var full = write(Map.of("q.weight", zero(), "q.scale_weight", zero()));
      assertThatThrownBy(() -> ScaledFp8.of(full))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("that weight is FLOAT32 and not of eight bits");
    }
  }

  private static Map<String, Tensor> weight() {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put("q.weight", Tensor.of(new float[] {1, 2, 3, -448}, 2, 2).to(Dtype.FLOAT8_E4M3));
    return tensors;
  }

  private static Tensor zero() {
    return Tensor.of(new float[] {0}, 1);
  }

  private TensorFile write(Map<String, Tensor> tensors) {
    var path = folder.resolve("t.safetensors");
    Safetensors.write(path, tensors, Map.of());
    return Safetensors.open(path);
  }
}
