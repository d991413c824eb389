package dev.longtake.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TextCleaningTest {
  @Test
  void whiteSpaceBecomesSingleSpacesAndEndsAreTrimmed() {
    assertThat(PromptText.clean("\t a  red\r\n\u00a0cube\u3000 ")).isEqualTo("a red cube");
  }

  @Test
  void entitiesAreResolvedEvenIfEscapedTwice() {
    assertThat(PromptText.clean("Tom &amp;amp; Jerry&#39;s &quot;cat&quot; &#x2014; &eacute;"))
        .isEqualTo("Tom & Jerry's \"cat\" — é");
  }

  @Test
  void spacesWrittenAsEntitiesCountAsSpaces() {
    assertThat(PromptText.clean("&nbsp;a&amp;nbsp;cube&#32;")).isEqualTo("a cube");
  }

  @Test
  void whatIsNoEntityStays() {
    assertThat(PromptText.clean("R&D; $1 \\2 a&b &nosuch; &;"))
        .isEqualTo("R&D; $1 \\2 a&b &nosuch; &;");
  }

  @Test
  void impossibleCharactersAreReplaced() {
    assertThat(PromptText.clean("&#0;&#55296;&#999999999;&#150;")).isEqualTo("\ufffd\ufffd\ufffd–");
  }

  @Test
  void curledQuotesAreStraightened() {
    assertThat(PromptText.clean("\u201cit\u2019s\u201d &ldquo;a\u02bcb&rdquo; \u00abc\u00bb"))
        .isEqualTo("\"it's\" \"a'b\" \u00abc\u00bb");
  }

  @Test
  void wideNarrowAndJoinedLettersBecomeOrdinaryOnes() {
    assertThat(PromptText.clean("\uff23\uff35\uff22\uff25\u3000\uff11\uff0c\u7ea2\u3002"))
        .isEqualTo("CUBE 1,\u7ea2\u3002");
    assertThat(PromptText.clean("\uff76\uff9e\ufb01ne \u01c6")).isEqualTo("\u30acfine d\u017e");
  }

  @Test
  void accentsAreJoinedToTheirLetters() {
    assertThat(PromptText.clean("cafe\u0301")).isEqualTo("caf\u00e9");
  }

  @Test
  void whatCannotBeSeenIsDropped() {
    assertThat(PromptText.clean("\ufeffa\u0000 \u001b[31;1mred\u001b[0m\u007f cu\u206abe"))
        .isEqualTo("a red cube");
    assertThat(PromptText.clean("a\ud83db\u0093c\u0094")).isEqualTo("a\ufffdb\u201cc\u201d");
  }

  @Test
  void otherScriptsAndEmojiStay() {
    var text =
        "\u4e00\u53ea\u7ea2\u8272\u7684\u732b \ud83d\udc08\u200d\u2b1b \u05d7\u05ea\u05d5\u05dc";
    assertThat(PromptText.clean(text)).isEqualTo(text);
  }
}
