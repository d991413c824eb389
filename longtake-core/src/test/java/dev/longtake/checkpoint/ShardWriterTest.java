package dev.longtake.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.Fixtures;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.testkit.TensorAssert;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Weights divided among files. */
@ExtendWith(LeakGuard.class)
class ShardWriterTest {
  @TempDir Path folder;

  @Test
  void aModelComesBackFromItsShardsBitForBit() throws IOException {
    var index = folder.resolve("dit.safetensors.index.json");
    try (var whole = TensorFile.open(Fixtures.file("dit.safetensors"))) {
      ShardedSafetensors.write(index, whole, 500_000, Map.of("format", "pt"));
      try (var shards = TensorFile.open(index)) {
        assertThat(shards.names()).containsExactlyElementsOf(whole.names());
        assertThat(shards.metadata()).isEqualTo(Map.of("format", "pt"));
        for (var name : whole.names()) {
          try (var scope = Scope.open()) {
            TensorAssert.assertThat(shards.read(name)).as(name).isBitwiseEqualTo(whole.read(name));
          }
        }
      }
      var json = new ObjectMapper().readTree(index.toFile());
      assertThat(json.at("/metadata/total_size").asLong()).isEqualTo(whole.bytes());
    }
    assertThat(names())
        .containsExactly(
            "dit-00001-of-00005.safetensors",
            "dit-00002-of-00005.safetensors",
            "dit-00003-of-00005.safetensors",
            "dit-00004-of-00005.safetensors",
            "dit-00005-of-00005.safetensors",
            "dit.safetensors.index.json");
    for (var name : names().subList(0, 5)) {
      assertThat(Files.size(folder.resolve(name))).isBetween(100_000L, 510_000L);
    }
  }

  @Test
  void aTensorLargerThanTheLimitHasAFileOfItsOwn() throws IOException {
    try (var scope = Scope.open()) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      tensors.put("a", Tensor.of(new float[] {1}, 1));
      tensors.put("large", Tensor.of(new float[8], 8));
      tensors.put("b", Tensor.of(new float[] {2}, 1));
      tensors.put("c", Tensor.of(new float[] {3}, 1));
      var index = folder.resolve("m.safetensors.index.json");
      ShardedSafetensors.write(index, new TensorsInMemory(tensors), 8, Map.of());
      var places = new ObjectMapper().readTree(index.toFile()).path("weight_map");

      assertThat(places.path("a").asText()).isEqualTo("m-00001-of-00003.safetensors");
      assertThat(places.path("large").asText()).isEqualTo("m-00002-of-00003.safetensors");
      assertThat(places.path("b").asText()).isEqualTo("m-00003-of-00003.safetensors");
      assertThat(places.path("c").asText()).isEqualTo("m-00003-of-00003.safetensors");
    }
  }

  @Test
  void aFailureLeavesNoShardAndNoIndex() throws IOException {
    var index = folder.resolve("m.safetensors.index.json");
    try (var whole = TensorFile.open(Fixtures.file("dit.safetensors"))) {
      // The second tensor cannot be read, once the first has a file.
      var broken = new Unreadable(whole, List.copyOf(whole.names()).get(1));
      assertThatThrownBy(() -> ShardedSafetensors.write(index, broken, 1, Map.of()))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("unreadable");
    }
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void anIndexHasItsOwnEnding() {
    assertThatThrownBy(
            () ->
                ShardedSafetensors.write(
                    folder.resolve("m.json"), new TensorsInMemory(Map.of()), 1, Map.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("NAME.safetensors.index.json");
  }

  /** A file with one tensor that cannot be read. */
  private record Unreadable(TensorFile file, String bad) implements TensorView {

    @Override
    public Tensor read(String name) {
      if (name.equals(bad)) {
        throw new CheckpointException(description(), "unreadable");
      }
      return file.read(name);
    }
  }

  private List<String> names() throws IOException {
    try (var files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
