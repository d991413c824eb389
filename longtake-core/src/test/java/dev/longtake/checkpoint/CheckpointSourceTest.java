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
class CheckpointSourceTest {
  @TempDir Path folder;

  @Test
  void weightsComeInTheWantedType() {
    try (var file = file("a.w");
        var weights = Weights.from(source(file, KeyMap.identity()))) {
      var taken = weights.at("a").take("w", Init.ZEROS, 2);
      assertThat(taken.dtype()).isEqualTo(Dtype.BFLOAT16);
      assertThat(taken.toFloats()).containsExactly(1, 2);
    }
  }

  @Test
  void anAbsentWeightNamesItselfItsShapeAndWhatThereIs() {
    try (var file = file("a.w", "b.w")) {
      var weights = Weights.from(source(file, KeyMap.identity()));
      assertThatThrownBy(() -> weights.take("c.w", Init.ZEROS, 2, 3))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining(file.description())
          .hasMessageContaining("no tensor 'c.w' of shape [2, 3] among 2, such as 'a.w', 'b.w'");
    }
  }

  @Test
  void aWrongShapeNamesBothShapes() {
    try (var file = file("a.w")) {
      var weights = Weights.from(source(file, KeyMap.identity()));
      assertThatThrownBy(() -> weights.take("a.w", Init.ZEROS, 2, 1))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("'a.w' has shape [2], the model needs [2, 1]");
    }
  }

  @Test
  void wholeNumbersAreNoWeights() {
    var path = folder.resolve("q.safetensors");
    try (var scope = Scope.open()) {
      Safetensors.write(path, Map.of("a", Tensor.of(new long[] {1}, 1)), Map.of());
    }
    try (var file = Safetensors.open(path)) {
      var weights = Weights.from(source(file, KeyMap.identity()));
      assertThatThrownBy(() -> weights.take("a", Init.ZEROS, 1))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("'a' is INT64, the model needs real numbers as BFLOAT16");
      assertThatThrownBy(
              () -> new CheckpointSource(file, KeyMap.identity(), Dtype.INT8, Device.CPU))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void spareTensorsAreListedUpToFive() {
    try (var file = file("a", "b", "c", "d", "e", "f", "g", "h")) {
      var source = source(file, KeyMap.identity());
      try (var weights = Weights.from(source)) {
        weights.take("a", Init.ZEROS, 2);
        assertThatThrownBy(() -> source.requireNothingSpare(weights))
            .isInstanceOf(CheckpointException.class)
            .hasMessageContaining(
                "took 1 of 8 tensors and does not know 'b', 'c', 'd', 'e', 'f' and 2 more;");
      }
    }
  }

  @Test
  void keysOfOtherModelsInTheSameFileAreNotSpare() {
    try (var file = file("vae.w", "text.w")) {
      var source = source(file, KeyMap.under("vae."));
      try (var weights = Weights.from(source)) {
        assertThat(source.names()).containsExactly("w");
        weights.take("w", Init.ZEROS, 2);
        source.requireNothingSpare(weights);
        assertThat(weights.spare()).isEmpty();
      }
    }
  }

  @Test
  void twoKeysThatMeanTheSameAreRefused() {
    try (var file = file("w", "model.w")) {
      assertThatThrownBy(() -> source(file, KeyMap.unwrapping()))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("keys 'w' and 'model.w' both mean 'w'");
    }
  }

  @Test
  void anEmptyFileSaysSo() {
    try (var file = file()) {
      var weights = Weights.from(source(file, KeyMap.identity()));
      assertThatThrownBy(() -> weights.take("w", Init.ZEROS, 2))
          .hasMessageContaining("has no tensors for this model at all");
    }
  }

  private static CheckpointSource source(TensorFile file, KeyMap keys) {
    return new CheckpointSource(file, keys, Dtype.BFLOAT16, Device.CPU);
  }

  private TensorFile file(String... names) {
    var path = folder.resolve("f.safetensors");
    try (var scope = Scope.open()) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      for (var name : names) {
        tensors.put(name, Tensor.of(new float[] {1, 2}, 2));
      }
      Safetensors.write(path, tensors, Map.of());
    }
    return Safetensors.open(path);
  }
}
