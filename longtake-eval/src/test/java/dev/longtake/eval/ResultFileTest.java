package dev.longtake.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class ResultFileTest {
  @TempDir private Path folder;

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void othersMayReadAResultAsTheyMayAnyFile() throws IOException {
    var usual = Files.writeString(folder.resolve("usual.txt"), "");
    var result = folder.resolve("made/result.txt");

    ResultFile.writeText(result, "one\n");
    ResultFile.writeText(result, "two\n");

    assertThat(result).hasContent("two\n");
    assertThat(Files.getPosixFilePermissions(result))
        .isEqualTo(Files.getPosixFilePermissions(usual));
    try (var files = Files.list(result.getParent())) {
      assertThat(files).containsExactly(result);
    }
  }

  @Test
  void whatCannotBeWrittenIsRefusedBeforehandAndNothingIsMade() throws IOException {
    var file = Files.writeString(folder.resolve("file"), "");

    ResultFile.requireWritable(folder.resolve("not/there/yet.json"));
    ResultFile.requireFolder(folder.resolve("not/there"));
    assertThat(folder.resolve("not")).doesNotExist();
    assertThatThrownBy(() -> ResultFile.requireWritable(folder))
        .isInstanceOf(EvaluationException.class)
        .hasMessage(folder + " is a folder; give the name of a file");
    assertThatThrownBy(() -> ResultFile.requireWritable(file.resolve("a/b.json")))
        .isInstanceOf(EvaluationException.class)
        .hasMessageContaining("file is no folder; choose another folder");
    assertThatThrownBy(() -> ResultFile.requireFolder(file))
        .isInstanceOf(EvaluationException.class)
        .hasMessageContaining("results cannot go to");
  }
}
