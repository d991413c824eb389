package dev.longtake.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.tensor.Scope;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerTest {
  /** Ids 3 to 9 in this order. */
  private static final WordTokenizerFile WORDS =
      WordTokenizerFile.of(List.of("a red cube, and a blue ball.", "A red ball"));

  @TempDir Path folder;

  @Test
  void wordsGetTheirIdsAndStrangersTheUnknownOne() {
    assertThat(WORDS.words()).containsExactly(",", ".", "a", "and", "ball", "blue", "cube", "red");

    try (var scope = Scope.open();
        var tokenizer = open(12)) {
      var tokens = tokenizer.encode(List.of("A red cube, and a zebra!"));

      // a red cube , and a <unk> <unk> </s>
      assertThat(tokens.ids().toLongs()).containsExactly(5, 10, 9, 3, 6, 5, 2, 2, 1, 0, 0, 0);
      assertThat(tokens.mask().toLongs()).containsExactly(1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0);
      assertThat(tokens.ids().shape()).containsExactly(1, 12);
    }
  }

  @Test
  void eachPromptIsPaddedToTheSameLength() {
    try (var scope = Scope.open();
        var tokenizer = open(4)) {
      var tokens = tokenizer.encode(List.of("red", "", "a blue ball"));

      assertThat(tokens.ids().shape()).containsExactly(3, 4);
      assertThat(tokens.ids().toLongs()).containsExactly(10, 1, 0, 0, 1, 0, 0, 0, 5, 8, 7, 1);
      assertThat(tokens.mask().toLongs()).containsExactly(1, 1, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1);
    }
  }

  @Test
  void tooLongAPromptIsRefusedWithBothNumbers() {
    try (var scope = Scope.open();
        var tokenizer = open(4)) {
      assertThatThrownBy(() -> tokenizer.encode(List.of("a red, red ball")))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("prompt has 6 tokens, the model reads at most 4: shorten it");
      assertThatThrownBy(() -> tokenizer.check("a red, red ball"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("shorten it");
    }
  }

  @Test
  void anEmptyPromptIsRefusedOnlyWhenChecked() {
    try (var tokenizer = open(4)) {
      assertThatThrownBy(() -> tokenizer.check(" &nbsp;\n"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("prompt is empty: say what the video shows");
      tokenizer.check("a red ball");
    }
  }

  @Test
  void unknownWordsAreNamedAsWrittenAndOnce() {
    try (var tokenizer = open(4)) {
      assertThat(tokenizer.unknown("𝄞 A Zebra, a  red Ödland; a Zebra!"))
          .containsExactly("Zebra", "Ödland");
      assertThat(tokenizer.unknown("A blue BALL.")).isEmpty();
    }
  }

  @Test
  void theFileSplitsTextAsThisProjectDoes() {
    var texts =
        List.of(
            "A red-and-blue cube's side: 3 x 4 (big)",
            "„Grüße“ aus … Köln\tund\u00a0Wien",
            "one\u2003wide $5 + 7% ~ x_y",
            "cafe\u0301 CAFÉ İstanbul",
            "ΣΊΣΥΦΟΣ 𝄞 ☃");
    for (var text : texts) {
      var clean = PromptText.clean(text);
      var words = WordTokenizerFile.of(List.of(clean));
      var file = folder.resolve("words.json");
      words.write(file);
      try (var scope = Scope.open();
          var tokenizer = Tokenizer.open(file, 40)) {
        var ids = tokenizer.encode(List.of(text)).ids().toLongs();
        var read = new java.util.ArrayList<String>();
        for (int i = 0; ids[i] != TokenIds.END; i++) {
          read.add(ids[i] == 2 ? "<unk>" : words.words().get((int) ids[i] - 3));
        }

        assertThat(read).isEqualTo(WordTokenizerFile.split(clean));
      }
    }
  }

  @Test
  void aWordThatPromptsCannotContainIsRefused() {
    assertThatThrownBy(() -> new WordTokenizerFile(List.of("red", "Cube")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"Cube\"")
        .hasMessageContaining("[cube]");
    assertThatThrownBy(() -> new WordTokenizerFile(List.of("red", "red")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("twice");
  }

  @Test
  void aFileThatCannotBeReplacedStaysAsItWas() throws IOException {
    var inTheWay = Files.createDirectory(folder.resolve("tokenizer.json"));
    Files.createFile(inTheWay.resolve("kept"));

    assertThatThrownBy(() -> WORDS.write(inTheWay))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("tokenizer.json");

    try (var left = Files.walk(folder)) {
      assertThat(left).containsExactlyInAnyOrder(folder, inTheWay, inTheWay.resolve("kept"));
    }
  }

  @Test
  void sizeCountsTheSpecialTokens() {
    assertThat(WORDS.size()).isEqualTo(11);
  }

  @Test
  void theFilesOwnCuttingAndPaddingDoNotCount() throws IOException {
    var file = folder.resolve("tokenizer.json");
    WORDS.write(file);
    var json =
        Files.readString(file)
            .replace(
                "\"truncation\" : null",
                "\"truncation\" : {\"max_length\": 2, \"strategy\": \"LongestFirst\","
                    + " \"stride\": 0, \"direction\": \"Right\"}")
            .replace(
                "\"padding\" : null",
                "\"padding\" : {\"strategy\": {\"Fixed\": 9}, \"direction\": \"Left\","
                    + " \"pad_to_multiple_of\": null, \"pad_id\": 0, \"pad_type_id\": 0,"
                    + " \"pad_token\": \"<pad>\"}");
    assertThat(json).contains("Fixed").contains("LongestFirst");
    Files.writeString(file, json);

    try (var scope = Scope.open();
        var tokenizer = Tokenizer.open(file, 6)) {
      assertThat(tokenizer.encode(List.of("a red ball")).ids().toLongs())
          .containsExactly(5, 10, 7, 1, 0, 0);
    }
  }

  @Test
  void aFileThatIsNoTokenizerIsNamed() throws IOException {
    var file = folder.resolve("tokenizer.json");
    Files.writeString(file, "{\"not\": \"one\"}", StandardCharsets.UTF_8);

    assertThatThrownBy(() -> Tokenizer.open(file, 4))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(file.toString());
    assertThatThrownBy(() -> Tokenizer.open(folder.resolve("absent.json"), 4))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("absent.json");
  }

  @Test
  void aTokenizerThatEndsPromptsOtherwiseIsRefused() throws IOException {
    var file = folder.resolve("tokenizer.json");
    WORDS.write(file);
    var json = Files.readString(file);
    Files.writeString(
        file, json.replaceAll("\"ids\" : \\[ 1 ]", "\"ids\" : [ 2 ]"), StandardCharsets.UTF_8);
    assertThat(Files.readString(file)).isNotEqualTo(json);

    assertThatThrownBy(() -> Tokenizer.open(file, 4))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("makes [2] of an empty prompt");
  }

  private Tokenizer open(int maxLength) {
    var file = folder.resolve("tokenizer.json");
    WORDS.write(file);
    return Tokenizer.open(file, maxLength);
  }
}
