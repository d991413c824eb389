package dev.longtake.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LeakGuard.class)
class ShardedSafetensorsTest {
  @TempDir Path folder;

  @BeforeEach
  void writeShards() {
    try (var scope = Scope.open()) {
      Safetensors.write(
          folder.resolve("m-1.safetensors"), Map.of("a", Tensor.of(new float[] {1}, 1)), Map.of());
      Safetensors.write(
          folder.resolve("m-2.safetensors"), Map.of("b", Tensor.of(new long[] {2}, 1)), Map.of());
    }
  }

  @Test
  void tensorsAreReadFromTheFileTheIndexNames() throws IOException {
    var index = index("{'a':'m-1.safetensors','b':'m-2.safetensors'}");
    try (var scope = Scope.open();
        var file = TensorFile.open(index)) {
      assertThat(file).isInstanceOf(ShardedSafetensors.class);
      assertThat(file.names()).containsExactly("a", "b");
      assertThat(file.dtype("b")).isEqualTo(Dtype.INT64);
      assertThat(file.shape("b")).containsExactly(1);
      assertThat(file.read("a").item()).isEqualTo(1);
      assertThat(file.read("b").item()).isEqualTo(2);
      assertThatThrownBy(() -> file.read("c"))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("no tensor 'c'");
    }
  }

  @Test
  void aMissingPartIsNamed() throws IOException {
    var index = index("{'a':'m-1.safetensors','b':'m-3.safetensors'}");
    assertThatThrownBy(() -> ShardedSafetensors.open(index))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("its part m-3.safetensors is missing beside it");
  }

  @Test
  void aTensorThatIsNotWhereTheIndexPlacesItIsNamed() throws IOException {
    var index = index("{'a':'m-1.safetensors','b':'m-1.safetensors'}");
    assertThatThrownBy(() -> ShardedSafetensors.open(index))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("tensor 'b' is not in m-1.safetensors");
  }

  @Test
  void aTensorThatTheIndexLeavesOutIsNamed() throws IOException {
    try (var scope = Scope.open()) {
      var one = Tensor.of(new float[] {1}, 1);
      Safetensors.write(folder.resolve("m-1.safetensors"), Map.of("a", one, "c", one), Map.of());
    }
    var index = index("{'a':'m-1.safetensors','b':'m-2.safetensors'}");
    assertThatThrownBy(() -> ShardedSafetensors.open(index))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(
            "tensor 'c' is in m-1.safetensors, where the index does not place it");
  }

  @ParameterizedTest
  @ValueSource(strings = {"'../m-1.safetensors'", "'/etc/passwd'", "'..'", "'C:\\\\x'", "''", "7"})
  void anIndexMustNotLeadOutOfItsFolder(String place) throws IOException {
    var index = index("{'a':" + place + "}");
    assertThatThrownBy(() -> ShardedSafetensors.open(index))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("which is no file name");
  }

  @Test
  void somethingElseIsNoIndex() throws IOException {
    var path = folder.resolve("x.safetensors.index.json");
    assertThatThrownBy(() -> ShardedSafetensors.open(path)).hasMessageContaining("no such file");
    Files.writeString(path, "{\"a\": ");
    assertThatThrownBy(() -> ShardedSafetensors.open(path))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("no readable JSON");
    Files.writeString(path, "{\"a\": 1}");
    assertThatThrownBy(() -> ShardedSafetensors.open(path))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("it has no weight_map");
  }

  private Path index(String weightMap) throws IOException {
    var json = "{'metadata':{'total_size':12},'weight_map':" + weightMap + "}";
    return Files.writeString(folder.resolve("m.safetensors.index.json"), json.replace('\'', '"'));
  }
}
