package dev.longtake.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CaptionedVideoTest {
  @TempDir Path folder;
  private final Skipped skipped = new Skipped();

  @Test
  void aFolderIsSearchedForVideosWithACaptionBesideThem() throws Exception {
    Files.createDirectories(folder.resolve("deep"));
    for (var name : List.of("b.mp4", "a.MP4", "deep/c.mp4", "bare.mp4", ".hidden.mp4", "d.mov")) {
      Files.createFile(folder.resolve(name));
    }
    Files.writeString(folder.resolve("a.txt"), "a cat\n  sleeps\n");
    Files.writeString(folder.resolve("b.txt"), "a dog");
    Files.writeString(folder.resolve("deep/c.txt"), "a cow");
    assertThat(CaptionedVideo.list(List.of(folder), skipped))
        .containsExactly(
            new CaptionedVideo(folder.resolve("a.MP4"), "a cat sleeps"),
            new CaptionedVideo(folder.resolve("b.mp4"), "a dog"),
            new CaptionedVideo(folder.resolve("deep/c.mp4"), "a cow"));
    assertThat(skipped.lines())
        .containsExactly(folder.resolve("bare.mp4") + ": no caption: put one into bare.txt");
  }

  @Test
  void linksAreFollowedButNotInCirclesAndThoseThatLeadNowhereAreTold() throws Exception {
    var elsewhere = Files.createDirectories(folder.resolve("elsewhere/films"));
    Files.createFile(elsewhere.resolve("a.mp4"));
    Files.writeString(elsewhere.resolve("a.txt"), "a cat");
    var videos = Files.createDirectory(folder.resolve("videos"));
    Files.createSymbolicLink(videos.resolve("deep"), elsewhere);
    Files.createSymbolicLink(elsewhere.resolve("up"), videos);
    Files.createSymbolicLink(videos.resolve("b.mp4"), elsewhere.resolve("a.mp4"));
    Files.createSymbolicLink(videos.resolve("b.txt"), elsewhere.resolve("a.txt"));
    Files.createSymbolicLink(videos.resolve("c.mp4"), folder.resolve("absent.mp4"));
    Files.createSymbolicLink(videos.resolve("more"), folder.resolve("absent"));
    var link = Files.createSymbolicLink(folder.resolve("link"), videos);
    assertThat(CaptionedVideo.list(List.of(link), skipped))
        .containsExactly(
            new CaptionedVideo(link.resolve("b.mp4"), "a cat"),
            new CaptionedVideo(link.resolve("deep/a.mp4"), "a cat"));
    assertThat(skipped.lines())
        .containsExactly(
            link.resolve("c.mp4") + ": a link to what is not there",
            link.resolve("more") + ": a link to what is not there");
  }

  @Test
  void aCaptionThatIsNoTextIsToldAsThatAndAFolderWithoutVideosIsNamed() throws Exception {
    Files.createFile(folder.resolve("a.mp4"));
    Files.write(folder.resolve("a.txt"), new byte[] {(byte) 0xff, (byte) 0xfe});
    assertThat(CaptionedVideo.list(List.of(folder), skipped)).isEmpty();
    assertThat(skipped.lines())
        .containsExactly(folder.resolve("a.mp4") + ": its caption a.txt is not UTF-8 text");

    var empty = Files.createDirectory(folder.resolve("empty"));
    assertThatThrownBy(() -> CaptionedVideo.list(List.of(empty), new Skipped()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no MP4 file in " + empty);
  }

  @Test
  void aTableNamesVideosFromItsFolderWithOrWithoutTheirEnding() throws Exception {
    var table =
        Files.writeString(
            folder.resolve("list.csv"),
            "id,videoFile,caption\r\n1,a.mp4,\"a cat, a \"\"dog\"\"\nand a cow\"\r\n2,sub/b,plain\r\n\r\n"
                + "3,c.mp4,\r\n4,,nothing\r\n");
    assertThat(CaptionedVideo.list(List.of(table), skipped))
        .containsExactly(
            new CaptionedVideo(folder.resolve("a.mp4"), "a cat, a \"dog\"\nand a cow"),
            new CaptionedVideo(folder.resolve("sub/b.mp4"), "plain"));
    assertThat(skipped.lines())
        .containsExactly(
            folder.resolve("c.mp4") + ": no caption in row 3 of " + table,
            table + ": row 4 names no video");
  }

  @Test
  void tabsAndTheOtherNamesOfColumnsWillDo() throws Exception {
    var table =
        Files.writeString(
            folder.resolve("list.csv"), "clip_id\tDetailed Description\nx\ta cat, a dog\n");
    assertThat(CaptionedVideo.list(List.of(table), skipped))
        .containsExactly(new CaptionedVideo(folder.resolve("x.mp4"), "a cat, a dog"));
  }

  @Test
  void whatIsNeitherIsRefusedInOneLine() throws Exception {
    var table = Files.writeString(folder.resolve("list.csv"), "video,text\na,b\n");
    assertThatThrownBy(() -> CaptionedVideo.list(List.of(table), skipped))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("has columns [video, text]; name one videoFile or clip_id");
    assertThatThrownBy(() -> CaptionedVideo.list(List.of(folder.resolve("absent")), skipped))
        .hasMessageContaining("no folder or table of videos");
    var empty = Files.writeString(folder.resolve("empty.csv"), "\n");
    assertThatThrownBy(() -> CaptionedVideo.list(List.of(empty), skipped))
        .hasMessageContaining("is empty");
  }

  @Test
  void theListOfSkippedVideosGoesWhenThereIsNothingToTell() throws Exception {
    skipped.add(Path.of("b.mp4"), "second");
    skipped.add(Path.of("a.mp4"), "first");
    skipped.add(Path.of("a.mp4"), "again");
    skipped.write(folder);
    assertThat(folder.resolve(Skipped.FILE)).hasContent("a.mp4: first\nb.mp4: second");
    new Skipped().write(folder);
    assertThat(folder.resolve(Skipped.FILE)).doesNotExist();
  }
}
