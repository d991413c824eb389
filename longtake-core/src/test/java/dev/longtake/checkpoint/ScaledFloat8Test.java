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
  void aScaleWithoutItsMatrixIsNamed() {
    try (var scope = Scope.open()) {
      var tensors = Map.of("a.scale_weight", Tensor.of(new float[] {1}, 1));
      assertThatThrownBy(() -> ScaledFloat8.unscaled(new TensorsInMemory(tensors)))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("'a.weight'");
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
}
