package dev.longtake.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PromptListTest {
  @TempDir Path folder;

  @Test
  void aPromptALineAndEmptyLinesDoNotCount() throws Exception {
    var file = Files.writeString(folder.resolve("a.txt"), "\uFEFFa cat\r\n\n  \nein Gürteltier \n");
    var list = PromptList.read(file);
    assertThat(list.texts()).containsExactly("a cat", "ein Gürteltier");
    assertThat(list.names()).isEqualTo(list.texts());
  }

  @Test
  void anExtendedFileReplacesTheTextAndTheFirstNamesTheOutputs() throws Exception {
    var names = Files.writeString(folder.resolve("a.txt"), "a cat\na dog\n");
    var texts = Files.writeString(folder.resolve("a_extended.txt"), "a long cat\na long dog");
    var list = PromptList.read(names, texts);
    assertThat(list.names()).containsExactly("a cat", "a dog");
    assertThat(list.texts()).containsExactly("a long cat", "a long dog");
  }

  @Test
  void filesThatDoNotFitOneAnotherAreRefused() throws Exception {
    var names = Files.writeString(folder.resolve("a.txt"), "a cat\na dog\n");
    var texts = Files.writeString(folder.resolve("b.txt"), "a long cat");
    assertThatThrownBy(() -> PromptList.read(names, texts))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("a.txt holds 2 prompts")
        .hasMessageContaining("b.txt 1;");
  }

  @Test
  void whatIsNoListIsRefusedByName() throws Exception {
    assertThatThrownBy(() -> PromptList.read(folder.resolve("absent.txt")))
        .hasMessageContaining("no file of prompts")
        .hasMessageContaining("absent.txt");
    var empty = Files.writeString(folder.resolve("empty.txt"), "\n \n");
    assertThatThrownBy(() -> PromptList.read(empty)).hasMessageContaining("holds no prompt");
    var latin = folder.resolve("latin.txt");
    Files.write(latin, "Gürteltier".getBytes(StandardCharsets.ISO_8859_1));
    assertThatThrownBy(() -> PromptList.read(latin)).hasMessageContaining("is not UTF-8 text");
  }
}
