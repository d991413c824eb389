package dev.longtake.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.media.Sampling;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VideoClipsTest {
  @TempDir Path folder;
  private final Skipped skipped = new Skipped();

  @Test
  void aClipIsItsVideosPicturesAtTheWantedRateAndSize() {
    var video = new CaptionedVideo(Films.write(folder.resolve("a.mp4"), 40, 32), "grey");
    var clips = VideoClips.of(List.of(video), Films.FIVE, skipped);
    assertThat(clips.length(0)).isEqualTo(20);
    var rgb = clips.read(0, 7).orElseThrow();
    assertThat(rgb).hasSize(5 * 32 * 16 * 3);
    assertThat(numbers(rgb)).containsExactly(14, 16, 18, 20, 22);
  }

  @Test
  void whereASlowVideoHasNoPictureLinearClipsMixItsNeighbours() {
    var video = new CaptionedVideo(Films.write(folder.resolve("a.mp4"), 40, 4), "grey");
    var linear = new ClipShape(32, 16, 16, 9, Sampling.Between.LINEAR);
    var rgb = VideoClips.of(List.of(video), linear, skipped).read(0, 16).orElseThrow();
    var greys = new ArrayList<Integer>();
    for (int frame = 0; frame < 9; frame++) {
      greys.add(rgb[frame * 32 * 16 * 3] & 0xff);
    }
    for (int frame = 0; frame < 9; frame++) {
      assertThat(greys.get(frame)).as("%s", greys).isBetween(14 + frame, 18 + frame);
    }
  }

  @Test
  void unusableVideosAreSkippedWithTheirReasonsAndTheRestIsUsed() throws Exception {
    Films.captioned(folder.resolve("good.mp4"), 20, "good");
    Films.captioned(folder.resolve("short.mp4"), 4, "short");
    Films.cutShort(Films.captioned(folder.resolve("cut.mp4"), 30, "cut"));
    Files.writeString(Films.captioned(folder.resolve("text.mp4"), 9, "text"), "no video at all");
    Files.write(Films.captioned(folder.resolve("empty.mp4"), 9, "empty"), new byte[0]);
    var clips = VideoClips.of(CaptionedVideo.list(List.of(folder), skipped), Films.FIVE, skipped);
    assertThat(clips.size()).as("%s", skipped.lines()).isEqualTo(1);
    assertThat(clips.video(0).caption()).isEqualTo("good");
    assertThat(skipped.lines())
        .hasSize(4)
        .anyMatch(line -> line.contains("short.mp4: it is too short: 4 of 5 pictures at 16.0"))
        .anyMatch(line -> line.contains("cut.mp4: it is cut short"))
        .anyMatch(line -> line.contains("text.mp4: "))
        .anyMatch(line -> line.contains("empty.mp4: "));
  }

  @Test
  void damageInTheMiddleShowsWhenItIsDecodedAndTheNextVideoTakesItsPlace() throws Exception {
    Films.damage(Films.captioned(folder.resolve("a.mp4"), 60, "damaged"));
    Films.captioned(folder.resolve("b.mp4"), 60, "whole");
    var clips = VideoClips.of(CaptionedVideo.list(List.of(folder), skipped), Films.FIVE, skipped);
    assertThat(clips.size()).isEqualTo(2);
    assertThat(clips.read(0, 55)).isEqualTo(Optional.empty());
    assertThat(clips.read(0, 0)).isPresent();
    assertThat(skipped.lines()).hasSize(1).first().asString().contains("a.mp4: it is damaged");
    var captions = new HashSet<String>();
    for (int step = 0; step < 30; step++) {
      captions.add(clips.batch(1, new int[] {0, 1}, step).captions().getFirst());
      assertThat(clips.batch(1, new int[] {0, 1}, step).captions().getLast()).isEqualTo("whole");
    }
    assertThat(captions).containsExactlyInAnyOrder("damaged", "whole");
  }

  @Test
  void whatDamageIsKnownOfDoesNotDecideWhatIsRead() throws Exception {
    Films.damage(Films.captioned(folder.resolve("a.mp4"), 60, "damaged"));
    Films.captioned(folder.resolve("b.mp4"), 60, "whole");
    var videos = CaptionedVideo.list(List.of(folder), skipped);
    var clips = VideoClips.of(videos, Films.FIVE, skipped);
    for (int step = 0; step < 30; step++) {
      var fresh = VideoClips.of(videos, Films.FIVE, new Skipped());
      assertThat(clips.batch(1, new int[] {0}, step).rgb())
          .isEqualTo(fresh.batch(1, new int[] {0}, step).rgb());
    }
  }

  @Test
  void clipsOfShorterVideosAreAsLongAsTheseAndTheirNeighboursNoLonger() throws Exception {
    Films.captioned(folder.resolve("a.mp4"), 40, "a");
    Films.captioned(folder.resolve("b.mp4"), 20, "b");
    Films.captioned(folder.resolve("c.mp4"), 8, "c");
    var shape = Films.FIVE.of(25);
    var videos = CaptionedVideo.list(List.of(folder), skipped);
    var clips = VideoClips.of(videos, shape, 9, skipped);
    assertThat(skipped.lines())
        .singleElement()
        .asString()
        .contains("c.mp4: it is too short: 8 of 9 pictures");
    for (int step = 0; step < 20; step++) {
      assertThat(clips.batch(1, new int[] {0}, step).shape()).isEqualTo(shape);
      assertThat(clips.batch(1, new int[] {1}, step).shape()).isEqualTo(shape.of(17));
      var both = clips.batch(1, new int[] {0, 1}, step);
      assertThat(both.shape()).isEqualTo(shape.of(17));
      assertThat(both.captions()).containsExactly("a", "b");
      int first = Films.number(both.rgb(), 0, shape);
      for (int frame = 1; frame < 17; frame++) {
        assertThat(Films.number(both.rgb(), frame, shape)).isEqualTo(first + frame);
      }
      assertThat(Films.number(both.rgb(), 17, shape)).isBetween(0, 3); // the other's first
    }
  }

  @Test
  void aDamagedStretchIsNotReplacedByAVideoThatIsTooShortForIt() throws Exception {
    Films.damage(Films.captioned(folder.resolve("a.mp4"), 60, "damaged"));
    Films.captioned(folder.resolve("b.mp4"), 12, "short");
    Films.captioned(folder.resolve("c.mp4"), 60, "whole");
    var clips =
        VideoClips.of(CaptionedVideo.list(List.of(folder), skipped), Films.FIVE.of(57), 9, skipped);
    var batch = clips.batch(1, new int[] {0}, 0);
    assertThat(batch.captions()).containsExactly("whole");
    assertThat(batch.shape().frames()).isEqualTo(57);
  }

  @Test
  void whereverAFileIsCutItsEndIsNeverMadeUp() throws Exception {
    var file = Films.captioned(folder.resolve("a.mp4"), 20, "a");
    var whole = Files.readAllBytes(file);
    for (int i = 0; i < 12; i++) {
      int length = whole.length * i / 12;
      Files.write(file, Arrays.copyOf(whole, length));
      var heard = new Skipped();
      try {
        var clips = VideoClips.of(List.of(new CaptionedVideo(file, "a")), Films.FIVE, heard);
        assertThat(clips.read(0, 15)).as("%d of %d bytes", length, whole.length).isEmpty();
      } catch (IllegalArgumentException e) {
        assertThat(e).hasMessageContaining("no video is left");
      }
      assertThat(heard.count()).isEqualTo(1);
    }
  }

  @Test
  void aStepsClipsAreAFunctionOfItsNumberAndStartAllOverTheVideo() throws Exception {
    Films.captioned(folder.resolve("a.mp4"), 30, "a");
    var videos = CaptionedVideo.list(List.of(folder), skipped);
    var clips = VideoClips.of(videos, Films.FIVE, skipped);
    var again = VideoClips.of(videos, Films.FIVE, skipped);
    var starts = new HashSet<Integer>();
    for (int step = 0; step < 60; step++) {
      var batch = clips.batch(5, new int[] {0}, step);
      int start = numbers(batch.rgb()).getFirst();
      assertThat(numbers(batch.rgb()))
          .containsExactly(start, start + 1, start + 2, start + 3, start + 4);
      starts.add(start);
      if (step % 20 == 0) {
        assertThat(again.batch(5, new int[] {0}, step).rgb()).isEqualTo(batch.rgb());
      }
    }
    assertThat(starts).hasSizeGreaterThan(15).contains(0, 25).allMatch(n -> n >= 0 && n <= 25);
  }

  @Test
  void whereNothingIsLeftOneLineSaysWhyAndWhatHelps() throws Exception {
    Films.captioned(folder.resolve("a.mp4"), 3, "a");
    var videos = CaptionedVideo.list(List.of(folder), skipped);
    assertThatThrownBy(() -> VideoClips.of(videos, Films.FIVE, skipped))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no video is left to use (1 skipped, first")
        .hasMessageContaining("a.mp4: it is too short")
        .hasMessageContaining("give captioned MP4 files of at least 5 pictures");

    var damaged = Films.captioned(folder.resolve("b.mp4"), 60, "b");
    Films.damage(damaged);
    var clips = VideoClips.of(List.of(new CaptionedVideo(damaged, "b")), Films.FIVE, skipped);
    clips.read(0, 55);
    assertThatThrownBy(() -> clips.batch(1, new int[] {0}, 0))
        .hasMessageContaining("no video is left");
  }

  private static List<Integer> numbers(byte[] rgb) {
    var out = new ArrayList<Integer>();
    for (int frame = 0; frame < 5; frame++) {
      out.add(Films.number(rgb, frame, Films.FIVE));
    }
    return out;
  }
}
