package dev.longtake.recipes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.train.TrainingException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScratchFolderTest {
  @TempDir private Path folder;

  @Test
  void itGoesWithEverythingInItWhenClosed() throws Exception {
    try (var scratch = ScratchFolder.in(folder.resolve("new"), "part-")) {
      Files.createDirectories(scratch.path().resolve("a/b"));
      Files.writeString(scratch.path().resolve("a/b/c"), "x");
    }
    assertThat(folder.resolve("new")).isEmptyDirectory();
  }

  @Test
  void whatAKilledProcessLeftIsClearedAwayAndNothingElse() throws Exception {
    var gone =
        new ProcessBuilder(ProcessHandle.current().info().command().orElseThrow(), "-version")
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("version").toFile())
            .start();
    gone.waitFor();
    var left = Files.createDirectory(folder.resolve("part-" + gone.pid() + "-123"));
    Files.writeString(left.resolve("weights"), "x");
    var running =
        Files.createDirectory(folder.resolve("part-" + ProcessHandle.current().pid() + "-9"));
    var other = Files.createDirectory(folder.resolve("other-" + gone.pid() + "-123"));
    var named = Files.createDirectory(folder.resolve("part-of-mine"));
    try (var scratch = ScratchFolder.in(folder, "part-")) {
      assertThat(scratch.path()).isDirectory();
      assertThat(left).doesNotExist();
      assertThat(running).exists();
      assertThat(other).exists();
      assertThat(named).exists();
    }
  }

  @Test
  void aPlaceThatIsNoFolderIsToldInOneLine() throws Exception {
    var file = Files.createFile(folder.resolve("file"));
    assertThatThrownBy(() -> ScratchFolder.in(file, "part-"))
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining("cannot make a temporary folder in " + file)
        .hasMessageContaining("check free space and permissions");
  }
}
