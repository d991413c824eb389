package dev.longtake.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.nn.Init;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.Fixtures;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.testkit.TensorAssert;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Matrices of a byte per number. */
@ExtendWith(LeakGuard.class)
class ScaledFloat8Test {
  /** Half a step of three bits after the point. */
  private static final double STEP = 1.0 / 16;

  @TempDir Path folder;

  @Test
  void everyMatrixComesBackWithinHalfAStepAndAllElseAsItWas() {
    var path = folder.resolve("small.safetensors");
    try (var file = TensorFile.open(Fixtures.file("dit.safetensors"))) {
      Safetensors.write(path, ScaledFloat8.scaled(file), Map.of());
      try (var small = TensorFile.open(path);
          var back = ScaledFloat8.unscaled(small)) {
        assertThat(back.names()).containsExactlyInAnyOrderElementsOf(file.names());
        assertThat(small.bytes()).isLessThan(file.bytes() * 3 / 10);
        for (var name : file.names()) {
          try (var scope = Scope.open()) {
            if (name.endsWith(".weight") && file.shape(name).length >= 2) {
              assertThat(small.dtype(name)).isEqualTo(Dtype.FLOAT8_E4M3);
              assertClose(name, file.read(name).toFloats(), back.read(name).toFloats());
            } else {
              TensorAssert.assertThat(back.read(name)).as(name).isBitwiseEqualTo(file.read(name));
            }
          }
        }
      }
    }
  }

  /** Numbers below the smallest normal one, 2⁻⁶ of at most 448, have a step of their own. */
  private static void assertClose(String name, float[] exact, float[] rounded) {
    double largest = 0;
    for (float number : exact) {
      largest = Math.max(largest, Math.abs(number));
    }
    double least = largest / 448 / 64;
    for (int i = 0; i < exact.length; i++) {
      double allowed = STEP * Math.max(Math.abs(exact[i]), least) * 1.0001;
      assertThat((double) Math.abs(rounded[i] - exact[i])).as(name).isLessThanOrEqualTo(allowed);
    }
  }

  @Test
  void aModelTakesItsWeightsMultipliedOut() {
    var path = folder.resolve("small.pt");
    try (var scope = Scope.open()) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      tensors.put("a.weight", Tensor.of(new float[] {1000, -500, 0, 250}, 2, 2));
      tensors.put("a.bias", Tensor.of(new float[] {0.1f, 0.2f}, 2));
      tensors.put("zero.weight", Tensor.of(new float[4], 4, 1));
      PtCheckpoint.write(path, ScaledFloat8.scaled(new TensorsInMemory(tensors)));
      try (var file = TensorFile.open(path)) {
        var source = new CheckpointSource(file, KeyMap.identity(), Dtype.FLOAT32, Device.CPU);
        try (var weights = Weights.from(source)) {
          assertThat(weights.take("a.weight", Init.ZEROS, 2, 2).toFloats())
              .containsExactly(1000, -500, 0, 250);
          assertThat(weights.take("a.bias", Init.ZEROS, 2).toFloats()).containsExactly(0.1f, 0.2f);
          assertThat(weights.take("zero.weight", Init.ZEROS, 4, 1).toFloats())
              .containsExactly(0, 0, 0, 0);
          source.requireNothingSpare(weights);
        }
      }
    }
  }

  @Test
  void scalesAreNotScaledAgain() {
    try (var file = TensorFile.open(Fixtures.file("dit.safetensors"))) {
      var scaled = ScaledFloat8.scaled(file);
      assertThatThrownBy(() -> ScaledFloat8.scaled(scaled))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContainingAll("dit.safetensors", "already");
      assertThat(ScaledFloat8.unscaled(file)).isSameAs(file);
    }
  }

  @Test
  void whatIsNotFiniteIsRefused() {
    try (var scope = Scope.open()) {
      var tensors = Map.of("a.weight", Tensor.of(new float[] {1, Float.POSITIVE_INFINITY}, 1, 2));
      var scaled = ScaledFloat8.scaled(new TensorsInMemory(tensors));
      assertThatThrownBy(() -> scaled.read("a.weight"))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("not finite");
      assertThat(new ArrayList<>(scaled.names()))
          .containsExactly("a.weight", "a.scale_weight", "scaled_fp8");
    }
  }

  @Test
  void aWeightIsMultipliedByItsScaleAsItIsRead() {
    try (var scope = Scope.open()) {
      var tensors = weight();
      tensors.put("q.scale_weight", Tensor.of(new float[] {0.25f}));
      tensors.put("q.scale_input", Tensor.of(new float[] {7}));
      tensors.put("scaled_fp8", Tensor.empty(Dtype.FLOAT8_E4M3, Device.CPU, 0));
      tensors.put("norm.weight", Tensor.of(new float[] {5}, 1));
      try (var file = ScaledFloat8.unscaled(write(tensors))) {
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
      try (var file = ScaledFloat8.unscaled(write(tensors))) {
        assertThat(file.read("q.weight").toFloats()).containsExactly(2, 4, 30, -4480);
      }
    }
  }

  @Test
  void plainEightBitWeightsAreReadAsTheNumbersTheyAre() {
    try (var scope = Scope.open();
        var plain = write(weight())) {
      assertThat(ScaledFloat8.unscaled(plain)).isSameAs(plain);
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
      assertThatThrownBy(() -> ScaledFloat8.unscaled(file))
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
      assertThatThrownBy(() -> ScaledFloat8.unscaled(file))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("its 3 numbers fit neither the weight nor its rows");
      var single = Tensor.of(new float[] {2}).to(Dtype.FLOAT8_E4M3);
      var two = Tensor.of(new float[] {1, 2}, 2);
      var bare = write(Map.of("q.weight", single, "q.scale_weight", two));
      assertThatThrownBy(() -> ScaledFloat8.unscaled(bare))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("its 2 numbers fit neither");
      var twice =
          write(Map.of("q.weight", single, "q.scale_weight", zero(), "q.weight_scale", zero()));
      assertThatThrownBy(() -> ScaledFloat8.unscaled(twice))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("there is another scale for it");
      var full = write(Map.of("q.weight", zero(), "q.scale_weight", zero()));
      assertThatThrownBy(() -> ScaledFloat8.unscaled(full))
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
