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
}
