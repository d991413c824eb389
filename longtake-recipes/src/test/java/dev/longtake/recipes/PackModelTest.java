package dev.longtake.recipes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.checkpoint.Manifest;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Dtype;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.train.TrainingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakGuard.class)
class PackModelTest {
  @TempDir private Path folder;
  private Path from = Path.of("");
  private Path to = Path.of("");

  @BeforeEach
  void write() throws IOException {
    from = TinyFolder.model(folder.resolve("given"), 1);
    to = folder.resolve("out").resolve("model");
  }

  @Test
  void aModelThatIsPackedAgainIsWhollyTheNewOne() throws Exception {
    pack(1);
    Files.createFile(to.resolve("of-the-old-one"));
    pack(2);
    assertThat(Manifest.read(to).step()).isEqualTo(2);
    assertThat(inside(to))
        .containsExactlyInAnyOrder(
            ModelConfig.FILE,
            Manifest.FILE_NAME,
            VideoModel.TOKENIZER,
            VideoModel.TRANSFORMER,
            VideoModel.VAE,
            VideoModel.TEXT_ENCODER);
    assertThat(inside(to.resolveSibling(""))).containsExactly("model");
  }

  @Test
  void aPackingThatFailsLeavesTheOldModelAndNothingElse() throws Exception {
    pack(1);
    Files.delete(from.resolve(VideoModel.TOKENIZER));
    assertThatThrownBy(() -> pack(2))
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining("cannot copy " + from)
        .hasMessageContaining("check free space and permissions")
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
    assertThat(Manifest.read(to).step()).isEqualTo(1);
    assertThat(inside(to.resolveSibling(""))).containsExactly("model");
  }

  @Test
  void aPackingThatWasKilledIsEndedByTheNext() throws Exception {
    pack(1);
    var old = to.resolveSibling(".model.longtake-replaced");
    Files.move(to, old); // killed between the two renames
    Files.delete(from.resolve(VideoModel.TOKENIZER));
    assertThatThrownBy(() -> pack(2)).isInstanceOf(TrainingException.class);
    assertThat(Manifest.read(to).step()).isEqualTo(1);

    TinyFolder.model(from, 2);
    Files.createDirectory(old); // killed after them
    Files.createFile(old.resolve("part"));
    pack(3);
    assertThat(Manifest.read(to).step()).isEqualTo(3);
    assertThat(inside(to.resolveSibling(""))).containsExactly("model");
  }

  private void pack(long step) {
    var manifest =
        new Manifest(Map.of(), 1, step, "", "nothing", Map.of(), Map.of(), Instant.EPOCH);
    PackModel.run(from, to, Dtype.BFLOAT16, manifest);
  }

  private static List<String> inside(Path folder) throws IOException {
    try (var list = Files.list(folder)) {
      return list.map(file -> file.getFileName().toString()).toList();
    }
  }
}
