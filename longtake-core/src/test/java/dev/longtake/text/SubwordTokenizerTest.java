package dev.longtake.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.tensor.Scope;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A tokenizer.json of UMT5's kind, with answers that can be worked out by hand. */
class SubwordTokenizerTest {
  private static final SubwordFile FILE =
      new SubwordFile()
          .with("▁", -6)
          .with("▁a", -2)
          .with("▁red", -3)
          .with("▁ab", -5)
          .with("bc", -3)
          .with("c", -5)
          .with("▁cube", -4)
          .with("猫", -5)
          .with("的", -4)
          .with(",", -3);

  @TempDir Path folder;

  @Test
  void theFileItselfSaysWhatItsTokensAre() throws IOException {
    try (var subwords = open(8)) {
      assertThat(subwords.vocabulary()).isEqualTo(Vocabulary.SUBWORDS);
    }
    var file = folder.resolve("words.json");
    new WordTokenizerFile(List.of("red")).write(file);
    try (var words = Tokenizer.open(file, 8)) {
      assertThat(words.vocabulary()).isEqualTo(Vocabulary.WORDS);
    }
  }

  @Test
  void wordsBecomePiecesThenTheEndThenPadding() throws IOException {
    try (var scope = Scope.open();
        var tokenizer = open(6)) {
      var tokens = tokenizer.encode(List.of("  a  red\tcube "));

      assertThat(tokens.ids().toLongs())
          .containsExactly(id("▁a"), id("▁red"), id("▁cube"), 1, 0, 0);
      assertThat(tokens.mask().toLongs()).containsExactly(1, 1, 1, 1, 0, 0);
      assertThat(tokens.ids().shape()).containsExactly(1, 6);
    }
  }

  @Test
  void theLikeliestPiecesWinNotTheLongest() throws IOException {
    try (var tokenizer = open(6)) {
      // ▁a + bc: -2 - 3 = -5; ▁ab + c: -5 - 5 = -10.
      assertThat(ids(tokenizer, "abc")).containsExactly(id("▁a"), id("bc"), 1);
    }
  }

  @Test
  void whatHasNoPieceIsSpelledInBytes() throws IOException {
    try (var tokenizer = open(16)) {
      // 猫 has a piece, 红 has not; the space in front of a prompt is a piece by itself.
      assertThat(ids(tokenizer, "红猫")).containsExactly(join(id("▁"), bytes("红"), id("猫"), 1));
      assertThat(ids(tokenizer, "🐈 a")).containsExactly(join(id("▁"), bytes("🐈"), id("▁a"), 1));
      assertThat(bytes("🐈")).containsExactly(3 + 0xf0, 3 + 0x9f, 3 + 0x90, 3 + 0x88);
      assertThat(tokenizer.unknown("红猫 🐈")).isEmpty();
    }
  }

  @Test
  void aChinesePromptWithWidePunctuationIsRead() throws IOException {
    try (var tokenizer = open(16)) {
      assertThat(ids(tokenizer, "的猫，猫"))
          .containsExactly(id("▁"), id("的"), id("猫"), id(","), id("猫"), 1);
    }
  }

  @Test
  void anEmptyPromptIsItsEndAlone() throws IOException {
    try (var tokenizer = open(4)) {
      assertThat(ids(tokenizer, "")).containsExactly(1);
      assertThatThrownBy(() -> tokenizer.check(" "))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("prompt is empty: say what the video shows");
    }
  }

  @Test
  void aLongPromptIsCutWithItsEndKeptAndSaysByHowMuch() throws IOException {
    try (var scope = Scope.open();
        var tokenizer = open(512)) {
      var prompt = "red ".repeat(600);
      tokenizer.check(prompt);

      var tokens = tokenizer.encode(List.of(prompt));

      long[] expected = new long[512];
      Arrays.fill(expected, id("▁red"));
      expected[511] = 1;
      assertThat(tokens.ids().toLongs()).containsExactly(expected);
      assertThat(tokens.mask().sum().item()).isEqualTo(512);
      assertThat(tokenizer.unread(prompt)).isEqualTo(601 - 512);
      assertThat(tokenizer.unread("red ".repeat(511))).isZero();
    }
  }

  private Tokenizer open(int maxLength) throws IOException {
    var file = folder.resolve("tokenizer.json");
    FILE.write(file);
    return Tokenizer.open(file, maxLength);
  }

  private static long id(String piece) {
    return FILE.id(piece);
  }

  private static long[] ids(Tokenizer tokenizer, String prompt) {
    try (var scope = Scope.open()) {
      var tokens = tokenizer.encode(List.of(prompt));
      return Arrays.copyOf(tokens.ids().toLongs(), (int) tokens.mask().sum().item());
    }
  }

  private static long[] bytes(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    long[] ids = new long[utf8.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = SubwordFile.FIRST_BYTE + (utf8[i] & 0xff);
    }
    return ids;
  }

  private static long[] join(long first, long[] middle, long... last) {
    return LongStream.concat(
            LongStream.concat(LongStream.of(first), Arrays.stream(middle)), Arrays.stream(last))
        .toArray();
  }
}
