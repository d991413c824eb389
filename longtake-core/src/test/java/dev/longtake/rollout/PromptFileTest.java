package dev.longtake.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.rollout.PromptSchedule.Shot;
import dev.longtake.testkit.Seeds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PromptFileTest {
  private static final int FPS = 16;

  @TempDir private Path folder;

  @Test
  void aTextFileHasAVideoALine() throws IOException {
    assertThat(read("list.txt", "a room\n\n  a cave[6s] | a door[6s]\n"))
        .containsExactly(
            PromptSchedule.of("a room"),
            new PromptSchedule(
                List.of(new Shot("a cave", 0), new Shot("a door", 8)), OptionalInt.of(16)));
  }

  /** Chunks begin at 0, 3, 6, …, so a change at 40 comes with the chunk that begins at 42. */
  @Test
  void aJsonLineHasPromptsAndTheLatentFramesAtWhichTheyChange() throws IOException {
    var expected =
        new PromptSchedule(
            List.of(new Shot("a", 0), new Shot("b", 14), new Shot("c", 27)), OptionalInt.empty());
    assertThat(
            read(
                "list.jsonl",
                """
                {"prompts": ["a", "b", "c"], "switch_frame_indices": [40, 81]}
                {"prompts": ["a", "b", "c"], "switch_frame_indices": "40, 81"}
                {"prompts": ["only"]}
                {"prompts": ["a", "b"], "switch_frame_indices": [3], "num_output_frames": 21}
                """))
        .containsExactly(
            expected,
            expected,
            PromptSchedule.of("only"),
            new PromptSchedule(List.of(new Shot("a", 0), new Shot("b", 1)), OptionalInt.of(7)));
  }

  /** At 16 pictures a second, chunks begin at 0, 9/16, 21/16, … s. */
  @Test
  void aTimelineChangesWithTheFirstChunkAtOrAfterItsTimes() throws IOException {
    assertThat(
            read(
                "timeline.json",
                """
                {"settings": {"pipelineId": "longlive", "seed": 7},
                 "prompts": [
                   {"startTime": 0, "endTime": 5, "prompts": [{"text": "a", "weight": 100}]},
                   {"startTime": 5, "endTime": 10.3125, "text": "b", "transitionSteps": 0},
                   {"startTime": 10.3125, "endTime": 15, "prompts": [{"text": "c"}]}]}
                """))
        .containsExactly(
            new PromptSchedule(
                List.of(new Shot("a", 0), new Shot("b", 7), new Shot("c", 14)),
                OptionalInt.of(21)));
  }

  @Test
  void aScheduleIsReadBackAsItWasWritten() {
    Seeds.times(
        50,
        random -> {
          var shots = new ArrayList<Shot>();
          int start = 0;
          for (int i = 0; i <= random.nextInt(5); i++) {
            shots.add(new Shot("shot \"" + i + "\" | [5s] ü\\", start));
            start += 1 + random.nextInt(9);
          }
          var length = random.nextBoolean() ? OptionalInt.of(start) : OptionalInt.empty();
          var schedule = new PromptSchedule(shots, length);
          assertThat(schedule.toJson()).doesNotContain("\n");
          assertThat(read("again.jsonl", schedule.toJson())).containsExactly(schedule);
        });
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '>',
      quoteCharacter = '`',
      value = {
        "x.txt > a[5s#] > line 1: '[5s#]' asks for a scene cut",
        "x.txt > `` > holds no prompt; give one a line",
        "x.yaml > a > must end in .txt, .jsonl or .json",
        "x.jsonl > {\"prompts\": [\"a\"] > line 1: is not JSON",
        "x.jsonl > [\"a\"] > line 1: is not a JSON object",
        "x.jsonl > {\"prompts\": []} > has no prompts",
        "x.jsonl > {\"prompts\": [3]} > 3 in prompts is no text; put each prompt in quotes",
        "x.jsonl > {\"prompt\": \"a\"} > unknown key 'prompt'; there are prompts, switch_frame",
        "x.jsonl > {\"prompts\": [\"a\", \"b\"]} > 2 prompts change 1 times, but switch_frame_indices"
            + " has 0 entries",
        "x.jsonl > {\"prompts\": [\"a\", \"b\"], \"switch_frame_indices\": [-1]} > holds -1; give",
        "x.jsonl > {\"prompts\": [\"a\", \"b\"], \"switch_frame_indices\": \"x\"} > holds x; give",
        "x.jsonl > {\"prompts\": [\"a\", \"b\"], \"switch_frame_indices\": [0]} > prompt 2 starts at"
            + " chunk 0, prompt 1 at chunk 0",
        "x.jsonl > {\"prompts\": [\"a\"], \"num_output_frames\": 20} > num_output_frames is 20; give"
            + " latent frames, a multiple of 3",
        "x.jsonl > {\"prompts\": [\"a\", \"b\"], \"switch_frame_indices\": [30], \"num_output_frames\":"
            + " 30} > prompt 2 starts at chunk 10, but the video has only 10",
        "x.json > {\"prompts\": []} > has no prompts",
        "x.json > {\"prompts\": [{\"startTime\": 1, \"endTime\": 5, \"text\": \"a\"}]} > no prompt"
            + " begins with the video",
        "x.json > {\"prompts\": [{\"startTime\": 0, \"text\": \"a\"}]} > prompt 1 has no endTime;"
            + " give seconds",
        "x.json > {\"prompts\": [{\"startTime\": 0, \"endTime\": 0, \"text\": \"a\"}]} > make endTime"
            + " larger",
        "x.json > {\"prompts\": [{\"startTime\": 0, \"endTime\": 5}]} > prompt 1 has no text",
        "x.json > {\"prompts\": [{\"startTime\": 0, \"endTime\": 5, \"prompts\": [{\"text\": \"a\"},"
            + " {\"text\": \"b\"}]}]} > prompt 1 blends 2 prompts by weight, which is not done; leave",
        "x.json > {\"prompts\": [{\"startTime\": 0, \"endTime\": 5, \"text\": \"a\","
            + " \"transitionSteps\": 4}]} > fades in over 4 steps, which is not done; set"
            + " transitionSteps to 0",
        "x.json > {\"prompts\": [{\"startTime\": 0, \"endTime\": 5, \"text\": \"a\"}, {\"startTime\":"
            + " 4, \"endTime\": 9, \"text\": \"b\"}]} > prompt 2 starts at 4.0 s, before 5.0 s",
      })
  void aMistakeNamesTheFileAndTheRemedy(String name, String text, String message)
      throws IOException {
    var file = Files.writeString(folder.resolve(name), text);
    assertThatThrownBy(() -> PromptFile.read(file, FPS))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(name)
        .hasMessageContaining(message);
  }

  @Test
  void aFileThatIsNotThereOrNoTextIsRefused() throws IOException {
    assertThatThrownBy(() -> PromptFile.read(folder.resolve("none.txt"), FPS))
        .hasMessageContaining("no file of prompts")
        .hasMessageContaining("none.txt");
    var binary =
        Files.write(folder.resolve("binary.txt"), new byte[] {(byte) 0xff, (byte) 0xfe, 0});
    assertThatThrownBy(() -> PromptFile.read(binary, FPS))
        .hasMessageContaining("binary.txt is not UTF-8 text");
  }

  private List<PromptSchedule> read(String name, String text) throws IOException {
    return PromptFile.read(Files.writeString(folder.resolve(name), text), FPS);
  }
}
