package dev.longtake.media;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avutil;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Mp4WriterTest {

  private static final VideoFormat FORMAT = new VideoFormat(192, 128, 16);
  private static final Map<String, String> TAGS =
      Map.of("prompt", "a härbour, 東京 \"at\" dawn; = \\ 🌊", "seed", "7", "memory", "slow-fast");

  @TempDir Path folder;

  @Test
  void threeChunksComeBackFrameForFrame() {
    var path = threeChunks();

    try (var reader = VideoReader.open(path, Sampling.NONE)) {
      for (int i = 0; i < 33; i++) {
        assertThat(Pictures.psnr(reader.next(), Pictures.wave(192, 128, i)))
            .as("PSNR of picture %d", i)
            .isGreaterThan(38);
      }
      assertThat(reader.hasNext()).isFalse();
    }
  }

  @Test
  void coloursSurviveWithoutATint() {
    var path = folder.resolve("colours.mp4");
    int[] colours = {0xff0000, 0x00ff00, 0x0000ff, 0xffffff, 0x000000, 0x808080, 0xc08040};
    try (var writer = Mp4Writer.open(path, FORMAT, Map.of())) {
      for (int colour : colours) {
        writer.write(List.of(Frame.filled(192, 128, colour)));
      }
      writer.finish();
    }
    try (var reader = VideoReader.open(path, Sampling.NONE)) {
      for (int colour : colours) {
        int back = reader.next().at(96, 64);
        for (int shift = 0; shift <= 16; shift += 8) {
          assertThat(back >> shift & 0xff)
              .as("%06x came back as %06x", colour, back)
              .isCloseTo(colour >> shift & 0xff, within(4));
        }
      }
    }
  }

  @Test
  void theFileNamesTheMatrixItsColoursWereStoredWith() {
    try (var demuxer = Demuxer.open(threeChunks())) {
      var parameters = demuxer.stream().codecpar();
      assertThat(parameters.color_space()).isEqualTo(avutil.AVCOL_SPC_SMPTE170M);
      assertThat(parameters.color_range()).isEqualTo(avutil.AVCOL_RANGE_MPEG);
      assertThat(parameters.color_primaries()).isEqualTo(avutil.AVCOL_PRI_BT709);
      assertThat(parameters.format()).isEqualTo(avutil.AV_PIX_FMT_YUV420P);
    }
  }

  @Test
  void everyChunkBeginsWithAKeyFrame() {
    try (var demuxer = Demuxer.open(threeChunks())) {
      var keys = new ArrayList<Integer>();
      int index = 0;
      for (var packet = demuxer.next(); packet != null; packet = demuxer.next()) {
        if ((packet.flags() & avcodec.AV_PKT_FLAG_KEY) != 0) {
          keys.add(index);
        }
        index++;
      }
      assertThat(keys).containsExactly(0, 9, 21);
    }
  }

  @Test
  void equalPicturesGiveEqualFiles() throws IOException {
    for (var name : List.of("one.mp4", "two.mp4")) {
      try (var writer = Mp4Writer.open(folder.resolve(name), new VideoFormat(832, 480, 16), TAGS)) {
        writer.write(Pictures.waves(832, 480, 0, 6));
        writer.finish();
      }
    }
    assertThat(folder.resolve("one.mp4")).hasSameBinaryContentAs(folder.resolve("two.mp4"));
  }

  @Test
  void theFinalFileHasItsIndexFirst() throws IOException {
    var types = IsoBoxes.of(threeChunks()).boxes().stream().map(IsoBoxes.Box::type).toList();

    assertThat(types).containsSubsequence("ftyp", "moov", "mdat").doesNotContain("moof");
  }

  @Test
  void eachChunkIsOneFragmentOfThePartFile() throws IOException {
    var path = folder.resolve("parts.mp4");
    try (var writer = Mp4Writer.open(path, FORMAT, TAGS)) {
      for (int chunk = 0; chunk < 3; chunk++) {
        writer.write(Pictures.waves(192, 128, 12 * chunk, 12));

        var boxes = IsoBoxes.of(writer.partFile());
        assertThat(boxes.cut()).isEmpty();
        assertThat(boxes.boxes().stream().filter(box -> box.type().equals("moof")))
            .hasSize(chunk + 1);
        assertThat(writer.bytes()).isEqualTo(Files.size(writer.partFile()));
        assertThat(VideoReader.probe(writer.partFile()).frames()).isEqualTo(12 * (chunk + 1));
      }
    }
  }

  @Test
  void metadataIsInThePartFileAndInTheFinalOne() {
    var path = folder.resolve("tags.mp4");
    try (var writer = Mp4Writer.open(path, FORMAT, TAGS)) {
      writer.write(Pictures.waves(192, 128, 0, 4));
      assertThat(VideoReader.probe(writer.partFile()).tags()).containsAllEntriesOf(TAGS);
      writer.finish();
    }
    var info = VideoReader.probe(path);

    assertThat(info.tags()).containsAllEntriesOf(TAGS);
    assertThat(info.tags()).containsEntry("title", TAGS.get("prompt"));
    assertThat(info.tags().get("comment")).contains("seed=7", "memory=slow-fast");
    assertThat(info.width()).isEqualTo(192);
    assertThat(info.height()).isEqualTo(128);
    assertThat(info.fps()).isEqualTo(16);
    assertThat(info.frames()).isEqualTo(4);
    assertThat(info.seconds()).isEqualTo(0.25);
    assertThat(info.complete()).isTrue();
  }

  @Test
  void finishingReplacesAnOlderFileAndLeavesNothingElse() throws IOException {
    Files.writeString(folder.resolve("clip.mp4"), "older");

    var path = threeChunks();

    assertThat(VideoReader.probe(path).frames()).isEqualTo(33);
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactly(path);
    }
  }

  @Test
  void closingWithoutFinishingKeepsThePartFileAndTouchesNoFinalName() throws IOException {
    var path = folder.resolve("broken-off.mp4");
    Files.writeString(path, "older");
    var writer = Mp4Writer.open(path, FORMAT, TAGS);
    writer.write(Pictures.waves(192, 128, 0, 5));
    writer.close();
    writer.close();

    assertThat(Files.readString(path)).isEqualTo("older");
    assertThat(VideoReader.probe(writer.partFile()).frames()).isEqualTo(5);
  }

  @Test
  void aWriterThatGotNoPictureLeavesNoFile() throws IOException {
    var writer = Mp4Writer.open(folder.resolve("none.mp4"), FORMAT, TAGS);
    assertThatThrownBy(writer::finish)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("no pictures");
    writer.close();

    try (var files = Files.list(folder)) {
      assertThat(files).isEmpty();
    }
  }

  @Test
  void thePartFileOfAnEarlierRunIsMovedAside() {
    var path = folder.resolve("again.mp4");
    try (var first = Mp4Writer.open(path, FORMAT, TAGS)) {
      first.write(Pictures.waves(192, 128, 0, 5));
    }
    try (var second = Mp4Writer.open(path, FORMAT, TAGS)) {
      second.write(Pictures.waves(192, 128, 0, 2));
      second.finish();
    }

    assertThat(VideoReader.probe(folder.resolve("again.part-1.mp4")).frames()).isEqualTo(5);
    assertThat(VideoReader.probe(path).frames()).isEqualTo(2);
  }

  @Test
  void twoWritersCannotHaveOneName() {
    var path = folder.resolve("shared.mp4");
    try (var first = Mp4Writer.open(path, FORMAT, TAGS)) {
      first.write(Pictures.waves(192, 128, 0, 2));
      assertThatThrownBy(() -> Mp4Writer.open(path, FORMAT, TAGS))
          .isInstanceOf(MediaException.class)
          .hasMessageContaining("shared.part.mp4")
          .hasMessageContaining("another writer");
      first.write(Pictures.waves(192, 128, 2, 2));
      first.finish();
    }
    assertThat(VideoReader.probe(path).frames()).isEqualTo(4);
  }

  @Test
  void aPartFileCutWithinAFragmentIsReadToItsLastWholePictureAndCanBeRecovered()
      throws IOException {
    var path = folder.resolve("cut.mp4");
    var writer = Mp4Writer.open(path, FORMAT, TAGS);
    writer.write(Pictures.waves(192, 128, 0, 6));
    long whole = writer.bytes();
    writer.write(Pictures.waves(192, 128, 6, 6));
    long end = writer.bytes();
    writer.close();
    cut(writer.partFile(), whole + (end - whole) / 2);

    var info = VideoReader.probe(writer.partFile());
    assertThat(info.complete()).isFalse();
    assertThat(info.frames()).isBetween(6L, 11L);

    var recovered = Mp4Writer.recover(writer.partFile(), path);
    assertThat(recovered.complete()).isTrue();
    assertThat(recovered.frames()).isEqualTo(info.frames());
    assertThat(recovered.tags()).containsAllEntriesOf(TAGS);
    try (var reader = VideoReader.open(path, Sampling.NONE)) {
      for (int i = 0; i < info.frames(); i++) {
        assertThat(Pictures.psnr(reader.next(), Pictures.wave(192, 128, i))).isGreaterThan(38);
      }
      assertThat(reader.hasNext()).isFalse();
    }
  }

  @Test
  void aPictureOfAnotherSizeIsRefusedBeforeAnythingIsWritten() {
    try (var writer = Mp4Writer.open(folder.resolve("sizes.mp4"), FORMAT, TAGS)) {
      var chunk = List.of(Pictures.wave(192, 128, 0), Pictures.wave(190, 128, 1));

      assertThatThrownBy(() -> writer.write(chunk))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("192 x 128")
          .hasMessageContaining("190 x 128");
      assertThat(writer.frames()).isZero();
    }
  }

  @Test
  void unusualRatesAreKept() {
    var path = folder.resolve("film.mp4");
    try (var writer = Mp4Writer.open(path, new VideoFormat(64, 48, 24000 / 1001.0), Map.of())) {
      writer.write(Pictures.waves(64, 48, 0, 24));
      writer.finish();
    }
    assertThat(VideoReader.probe(path).fps()).isCloseTo(23.976, within(0.001));
  }

  private Path threeChunks() {
    var path = folder.resolve("clip.mp4");
    try (var writer = Mp4Writer.open(path, FORMAT, TAGS)) {
      writer.write(Pictures.waves(192, 128, 0, 9));
      writer.write(Pictures.waves(192, 128, 9, 12));
      writer.write(Pictures.waves(192, 128, 21, 12));
      assertThat(writer.frames()).isEqualTo(33);
      return writer.finish();
    }
  }

  private static void cut(Path file, long length) throws IOException {
    try (var channel =
        java.nio.channels.FileChannel.open(file, java.nio.file.StandardOpenOption.WRITE)) {
      channel.truncate(length);
    }
  }
}
