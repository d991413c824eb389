package dev.longtake.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ManifestTest {
  private record Sizes(int width, List<Double> rates) {}

  private static final Manifest MANIFEST =
      new Manifest(
          Manifest.tree(new Sizes(96, List.of(0.5, 1.0))),
          -7,
          1200,
          "abc1234",
          "worlds 0..999",
          Map.of("generator", 0.25, "critic", Double.NaN),
          Map.of("java", "25"),
          Instant.parse("2026-01-02T03:04:05.678Z"));

  @TempDir Path folder;

  @Test
  void aManifestTravelsInsideASafetensorsFile() {
    var path = folder.resolve("m.safetensors");
    try (var scope = Scope.open()) {
      Safetensors.write(path, Map.of("w", Tensor.of(new float[] {1}, 1)), MANIFEST.metadata());
    }
    try (var file = Safetensors.open(path)) {
      assertThat(Manifest.of(file)).contains(MANIFEST);
    }
  }

  @Test
  void aManifestLiesBesideOtherFiles() {
    MANIFEST.write(folder);
    assertThat(Manifest.read(folder)).isEqualTo(MANIFEST);
    assertThat(Manifest.read(folder).config()).containsEntry("width", 96);
  }

  @Test
  void aFileWithoutOneHasNone() {
    var path = folder.resolve("m.safetensors");
    Safetensors.write(path, Map.of(), Map.of());
    try (var file = Safetensors.open(path)) {
      assertThat(Manifest.of(file)).isEmpty();
    }
  }

  @Test
  void damageIsReportedWithThePlace() throws IOException {
    var path = folder.resolve(Manifest.FILE_NAME);
    assertThatThrownBy(() -> Manifest.read(folder))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("manifest.json: cannot be read");
    for (var text : List.of("", "{", "{}", "[]", "null", "{\"config\":7}")) {
      Files.writeString(path, text);
      assertThatThrownBy(() -> Manifest.read(folder))
          .as(text)
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("is no manifest");
    }
    MANIFEST.write(folder);
    Files.writeString(path, Files.readString(path).replace("2026-", "soon-"));
    assertThatThrownBy(() -> Manifest.read(folder)).isInstanceOf(CheckpointException.class);
  }

  @Test
  void aNegativeStepIsRefused() {
    assertThatThrownBy(
            () ->
                new Manifest(
                    Map.of(), 0, -1, "", "", Map.of(), Manifest.versionsHere(), Instant.EPOCH))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("-1");
  }
}
