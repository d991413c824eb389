package dev.longtake.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.rollout.PromptSchedule.Shot;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PromptLineTest {
  private static final int FPS = 16;

  /** Infinity-RoPE's rule: seconds · 16 / 12 chunks, rounded down. */
  @Test
  void durationsAreWholeChunksAndMakeTheLengthKnown() {
    assertThat(PromptLine.parse("a room[5s] | the lamp goes out [10.5s]|morning[ 3 s ]", FPS))
        .isEqualTo(
            new PromptSchedule(
                List.of(
                    new Shot("a room", 0),
                    new Shot("the lamp goes out", 6),
                    new Shot("morning", 20)),
                OptionalInt.of(24)));
  }

  @Test
  void aSceneWithoutDurationLastsFourteenChunksAndTheLastUntilTheEnd() {
    assertThat(PromptLine.parse("a | b[0.1s] | c", FPS))
        .isEqualTo(
            new PromptSchedule(
                List.of(new Shot("a", 0), new Shot("b", 14), new Shot("c", 15)),
                OptionalInt.empty()));
  }

  @Test
  void aDurationAloneIsALength() {
    assertThat(PromptLine.parse("a room[60s]", FPS))
        .isEqualTo(new PromptSchedule(List.of(new Shot("a room", 0)), OptionalInt.of(80)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a room",
        "cube #3; a sphere",
        "a sign that says [open]",
        "a [red] room",
        "[5] shots [5 shots]"
      })
  void anyOtherTextIsOnePrompt(String text) {
    assertThat(PromptLine.parse(" " + text + " ", FPS)).isEqualTo(PromptSchedule.of(text));
  }

  @Test
  void bracketsWithinAPromptOfSeveralAreItsText() {
    assertThat(PromptLine.parse("a [red] room | b", FPS).first()).isEqualTo("a [red] room");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '>',
      quoteCharacter = '`',
      value = {
        "a[5s#] | b > '[5s#]' asks for a scene cut by a jump of positions, which is not done; give"
            + " [5s] and flush",
        "a[5s] | b[5s] ; one | two > '; one | two' would be subtitles, which are not drawn; leave"
            + " out the ';'",
        "a[0s] > '[0s]' is no duration; give more than 0 s",
        "a[99999s] | b > '[99999s]' is no duration",
        "a[-1s] | b > '[-1s]' is no duration; give seconds, such as [5s], or leave out the",
        "a | b[abcs] > '[abcs]' is no duration; give seconds",
        "a | b[5s > '[5s' is no duration; give seconds",
        "a[5s > '[5s' is no duration; give seconds",
        "a[-1s] > '[-1s]' is no duration; give seconds",
        "a[1,5 sec] > '[1,5 sec]' is no duration; give seconds",
        "a[5s] b | c > '[5s]' stands within a prompt; put a | behind it",
        "a | | b > prompt 2 is empty; say what the video shows",
        "a[5s] | > prompt 2 is empty",
        "[5s] > the prompt is empty",
      })
  void whatIsNotDoneIsRefusedWithTheRemedy(String line, String message) {
    assertThatThrownBy(() -> PromptLine.parse(line, FPS))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(message);
  }
}
