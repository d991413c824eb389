package dev.longtake.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.longtake.media.Png;
import dev.longtake.media.VideoReader;
import dev.longtake.world.Clip;
import dev.longtake.world.Split;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clips of the procedural world as files. */
class WorldCommandTest {
  @TempDir private Path folder;

  @Test
  void aClipIsAVideoWithItsCaption() throws IOException {
    var video = folder.resolve("clip.mp4");
    var caption = Clip.of(Split.TRAIN.seed(5), 24).caption();

    var spoken =
        Spoken.by("world", "--seed", 5, "--seconds", 1.5, "--size", "96x64", "--out", video);

    assertThat(spoken.code()).as("%s", spoken.err()).isZero();
    assertThat(spoken.out().strip()).isEqualTo(caption);
    var info = VideoReader.probe(video);
    assertThat(info.frames()).isEqualTo(24);
    assertThat(info.width()).isEqualTo(96);
    assertThat(info.height()).isEqualTo(64);
    assertThat(info.tags()).containsEntry("prompt", caption).containsEntry("split", "train");
    var facts = new ObjectMapper().readTree(folder.resolve("clip.json").toFile());
    assertThat(facts.path("caption").asText()).isEqualTo(caption);
    assertThat(facts.path("seed").asLong()).isEqualTo(5);
    assertThat(Png.read(folder.resolve("clip.png")).width()).isGreaterThan(5 * 96);
  }

  @Test
  void aCaptionCanBeHadWithoutAVideo() {
    var video = folder.resolve("clip.mp4");

    var spoken = Spoken.by("world", "--seed", 5, "--caption-only", "--out", video);

    assertThat(spoken.code()).isZero();
    assertThat(spoken.out().strip()).isEqualTo(Clip.of(Split.TRAIN.seed(5), 960).caption());
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void heldOutClipsAreOtherClips() {
    var spoken = Spoken.by("world", "--seed", 5, "--caption-only", "--held-out");

    assertThat(spoken.out().strip()).isEqualTo(Clip.of(Split.HELD_OUT.seed(5), 960).caption());
  }
}
