package dev.longtake.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Paths, folders and patterns choose files. */
class SelectionTest {
  private static final List<HubFile> FILES =
      Stream.of("config.json", "vae/model.safetensors", "vae/config.json", "vaes.txt", "a+b.txt")
          .map(path -> new HubFile(path, 1, new Checksum(Checksum.Kind.GIT_BLOB, "0".repeat(40))))
          .toList();

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        " | | | config.json vae/model.safetensors vae/config.json vaes.txt a+b.txt",
        "config.json | | | config.json",
        "vae | | | vae/model.safetensors vae/config.json",
        "vae/ | | *.json | vae/model.safetensors",
        " | *.json | | config.json vae/config.json",
        " | *.json | vae/* | config.json",
        " | ?+b.txt vaes.??? | | vaes.txt a+b.txt",
      })
  void choose(String paths, String include, String exclude, String expected) {
    var selection = new Selection(words(paths), globs(include), globs(exclude));

    assertThat(selection.of(FILES))
        .extracting(HubFile::path)
        .containsExactlyElementsOf(words(expected));
  }

  @Test
  void anUnknownPathIsNamedWithWhatThereIs() {
    assertThatThrownBy(() -> new Selection(List.of("vea"), List.of(), List.of()).of(FILES))
        .isInstanceOf(HubException.class)
        .hasMessageContainingAll("no 'vea'", "vae/model.safetensors");
  }

  @Test
  void nothingLeftIsAMistake() {
    assertThatThrownBy(
            () -> new Selection(List.of(), List.of(new Glob("*.bin")), List.of()).of(FILES))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("no file of the repository is left");
  }

  private static List<Glob> globs(String text) {
    return words(text).stream().map(Glob::new).toList();
  }

  private static List<String> words(String text) {
    return text == null ? List.of() : Arrays.asList(text.split(" "));
  }
}
