package dev.longtake.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Names made of prompts. */
class FileNamesTest {
  @Test
  void wordsAreJoinedByHyphens() {
    assertThat(FileNames.slug("A red cube, a blue sphere")).isEqualTo("a-red-cube-a-blue-sphere");
  }

  @Test
  void accentsAndMarksAreDropped() {
    assertThat(FileNames.slug(" Ein Würfel/../Kegel! ")).isEqualTo("ein-wurfel-kegel");
  }

  @Test
  void longPromptsAreCutBetweenWords() {
    var slug = FileNames.slug("word ".repeat(100));

    assertThat(slug).hasSizeBetween(50, 60).endsWith("-word");
  }

  @Test
  void aLongWordIsCutAnywhere() {
    assertThat(FileNames.slug("x".repeat(100))).hasSize(60);
  }

  @Test
  void somethingIsLeftOfEveryPrompt() {
    assertThat(FileNames.slug("紅い立方体")).isEqualTo("video");
  }

  @Test
  void numbersSortAsTheyCount() {
    var video = Path.of("films", "clip.mp4");
    assertThat(FileNames.numbered(video, 3, 9)).isEqualTo(Path.of("films", "clip-3.mp4"));
    assertThat(FileNames.numbered(video, 3, 12)).isEqualTo(Path.of("films", "clip-03.mp4"));
  }
}
