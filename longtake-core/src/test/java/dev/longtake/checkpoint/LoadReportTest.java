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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakGuard.class)
class LoadReportTest {
  private static final Map<String, List<Long>> WANTED =
      Map.of("a", List.of(2L), "b", List.of(1L, 3L));

  @TempDir Path folder;

  @Test
  void aFileThatFitsIsSummedUp() {
    try (var file = file(Map.of("model.a", 2, "model.b", 3, "note", 1))) {
      KeyMap keys = key -> key.equals("note") ? Optional.empty() : KeyMap.unwrapping().name(key);
      var report = LoadReport.of(file, keys, Map.of("a", List.of(2L), "b", List.of(3L)));
      assertThat(report.requireFit("it")).isEqualTo(report);
      assertThat(report.tensors()).isEqualTo(2);
      assertThat(report.parameters()).isEqualTo(5);
      assertThat(report.types()).containsExactly(Dtype.FLOAT32);
      assertThat(report.passedOver()).containsExactly("note");
      assertThat(report.toString()).contains("2 tensors, 5 parameters").contains("[note]");
    }
  }

  @Test
  void everyFaultIsNamedAtOnce() {
    try (var file = file(Map.of("b", 3, "c", 1))) {
      var report = LoadReport.of(file, KeyMap.identity(), WANTED);
      assertThat(report.fits()).isFalse();
      assertThatThrownBy(() -> report.requireFit("Wan's transformer"))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("is not Wan's transformer: ")
          .hasMessageContaining("1 of another shape ('b is [3], not [1, 3]')")
          .hasMessageContaining("1 missing ('a')")
          .hasMessageContaining("1 unknown ('c')");
    }
  }

  @Test
  void weightsThatAreNotFiniteAreRefusedByName() {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      var path = folder.resolve("n.safetensors");
      try (var scope = Scope.open()) {
        Safetensors.write(
            path,
            Map.of(
                "good",
                Tensor.of(new float[] {1, -2}, 2),
                "bad",
                Tensor.of(new float[] {0, bad}, 2)),
            Map.of());
      }
      try (var file = Safetensors.open(path)) {
        var source = new CheckpointSource(file, KeyMap.identity(), Dtype.FLOAT32, Device.CPU);
        try (var weights = Weights.from(source.refusingNonFinite())) {
          weights.take("good", Init.ZEROS, 2);
          assertThatThrownBy(() -> weights.take("bad", Init.ZEROS, 2))
              .isInstanceOf(CheckpointException.class)
              .hasMessageContaining("tensor 'bad' holds NaN or infinity as FLOAT32");
        }
        try (var weights = Weights.from(source)) {
          assertThat(weights.take("bad", Init.ZEROS, 2).toFloats()).containsExactly(0, bad);
        }
      }
    }
  }

  private TensorFile file(Map<String, Integer> lengths) {
    var path = folder.resolve("f.safetensors");
    try (var scope = Scope.open()) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      lengths.forEach(
          (name, length) -> tensors.put(name, Tensor.zeros(Dtype.FLOAT32, Device.CPU, length)));
      Safetensors.write(path, tensors, Map.of());
    }
    return Safetensors.open(path);
  }
}
