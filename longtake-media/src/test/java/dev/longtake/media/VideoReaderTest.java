package dev.longtake.media;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VideoReaderTest {

  @TempDir Path folder;

  @ParameterizedTest(name = "{0} pictures at {1} become {3} at {2}")
  @CsvSource({
    "32,16,16,32",
    "32,16,8,16",
    "32,16,24,48",
    "48,24,16,32",
    "30,30,16,16",
    "1,16,16,1"
  })
  void anotherRateTakesTheNearestPictures(int count, double from, double to, int expected) {
    var path = numbered(count, from);

    var taken = numbers(path, Sampling.NONE.at(to));

    assertThat(taken).hasSize(expected);
    for (int k = 0; k < taken.size(); k++) {
      double wanted = Math.min(k / to * from, count - 1);
      assertThat(Math.abs(taken.get(k) - wanted)).as("picture %d of %s", k, taken).isLessThan(0.51);
    }
  }

  @Test
  void betweenTwoPicturesLinearSamplingShowsBothInProportion() {
    var greys = List.of(Frame.filled(32, 32, 0x202020), Frame.filled(32, 32, 0xa0a0a0));
    var path = write("greys.mp4", greys, 4);
    var sampling = Sampling.NONE.at(16).between(Sampling.Between.LINEAR);

    try (var reader = VideoReader.open(path, sampling)) {
      for (int wanted : new int[] {0x20, 0x40, 0x60, 0x80, 0xa0, 0xa0, 0xa0, 0xa0}) {
        assertThat(reader.next().at(16, 16) & 0xff).isCloseTo(wanted, within(3));
      }
      assertThat(reader.hasNext()).isFalse();
    }
  }

  @ParameterizedTest(name = "at {0} frames/s, {1}")
  @CsvSource({"0,NEAREST", "16,NEAREST", "7,NEAREST", "40,LINEAR"})
  void afterASkipComesWhatWouldHaveComeThen(double fps, Sampling.Between between) {
    var path = numbered(20, 16);
    var sampling = Sampling.NONE.at(fps).between(between);
    try (var straight = VideoReader.open(path, sampling);
        var skipping = VideoReader.open(path, sampling)) {
      for (int i = 0; i < 5; i++) {
        straight.next();
      }
      skipping.skip(5);
      while (straight.hasNext()) {
        assertThat(skipping.next()).isEqualTo(straight.next());
      }
      assertThat(skipping.hasNext()).isFalse();
      skipping.skip(100);
      assertThat(skipping.hasNext()).isFalse();
    }
  }

  @Test
  void withoutSamplingEveryPictureComesOnce() {
    var taken = numbers(numbered(20, 16), Sampling.NONE);
    assertThat(taken)
        .containsExactlyElementsOf(java.util.stream.IntStream.range(0, 20).boxed().toList());
  }

  @Test
  void anotherSizeKeepsTheCentreAndTheProportions() {
    // A white disc in the middle of grey must stay a disc and stay in the middle.
    var path = write("disc.mp4", List.of(disc(256, 128, 40)), 16);

    try (var reader = VideoReader.open(path, Sampling.NONE.sized(96, 96))) {
      var frame = reader.next();
      assertThat(frame.width()).isEqualTo(96);
      assertThat(frame.height()).isEqualTo(96);
      int radius = 40 * 96 / 128;
      for (int[] way : new int[][] {{1, 0}, {-1, 0}, {0, 1}, {0, -1}}) {
        int inside = radius - 4;
        int outside = radius + 4;
        assertThat(frame.at(48 + way[0] * inside, 48 + way[1] * inside) & 0xff).isGreaterThan(200);
        assertThat(frame.at(48 + way[0] * outside, 48 + way[1] * outside) & 0xff).isLessThan(150);
      }
    }
  }

  @Test
  void aVideoRecordedSidewaysIsTurnedUpright() throws IOException {
    var left = Frame.filled(64, 48, 0);
    for (int y = 0; y < 48; y++) {
      Arrays.fill(left.rgb(), 3 * 64 * y, 3 * (64 * y + 32), (byte) 255);
    }
    var path = write("telephone.mp4", List.of(left), 16);
    turnClockwise(path);

    assertThat(VideoReader.probe(path).width()).isEqualTo(48);
    assertThat(VideoReader.probe(path).height()).isEqualTo(64);
    for (var sampling : List.of(Sampling.NONE, Sampling.NONE.sized(48, 64))) {
      try (var reader = VideoReader.open(path, sampling)) {
        var frame = reader.next();
        assertThat(frame.width()).isEqualTo(48);
        assertThat(frame.at(24, 10) & 0xff).as("stored left, shown above").isGreaterThan(240);
        assertThat(frame.at(24, 54) & 0xff).as("stored right, shown below").isLessThan(15);
      }
    }
  }

  @Test
  void afterTheLastPictureThereIsNone() {
    try (var reader = VideoReader.open(numbered(2, 16), Sampling.NONE)) {
      reader.next();
      reader.next();
      assertThatThrownBy(reader::next).isInstanceOf(NoSuchElementException.class);
    }
  }

  @Test
  void aTruncatedFileIsRefusedWithTheNumbers() throws IOException {
    var path = numbered(20, 16);
    var bytes = Files.readAllBytes(path);
    Files.write(path, Arrays.copyOf(bytes, bytes.length - 500));

    assertThatThrownBy(() -> VideoReader.open(path, Sampling.NONE))
        .isInstanceOf(MediaException.class)
        .hasMessageContaining(path.toString())
        .hasMessageContaining("cut short")
        .hasMessageNotContaining("\n");
    assertThatThrownBy(() -> VideoReader.probe(path)).isInstanceOf(MediaException.class);
  }

  @Test
  void overwrittenBytesAreAnErrorAndNotAGuess() throws IOException {
    var path = numbered(20, 16);
    var bytes = Files.readAllBytes(path);
    Arrays.fill(bytes, bytes.length - 700, bytes.length - 100, (byte) 0x55);
    Files.write(path, bytes);

    for (var sampling : List.of(Sampling.NONE, Sampling.NONE.at(16), Sampling.NONE.at(50))) {
      try (var reader = VideoReader.open(path, sampling)) {
        assertThat(reader.next().at(32, 24) & 0xff).isCloseTo(20, within(2));
        assertThatThrownBy(() -> reader.forEachRemaining(frame -> {}))
            .isInstanceOf(MediaException.class)
            .hasMessageContaining(path.toString())
            .hasMessageContaining("damaged after 1 whole");
      }
    }
  }

  @Test
  void whatIsNotAVideoIsRefused() throws IOException {
    var text = Files.writeString(folder.resolve("notes.mp4"), "no video at all\n".repeat(100));
    var empty = Files.createFile(folder.resolve("empty.mp4"));
    for (var path : List.of(text, empty, folder.resolve("absent.mp4"), folder)) {
      assertThatThrownBy(() -> VideoReader.open(path, Sampling.NONE))
          .isInstanceOf(MediaException.class)
          .hasMessageContaining("cannot read " + path);
    }
  }

  @Test
  void listsThatNameOtherFilesAreRefused() throws IOException {
    var video = numbered(4, 16);
    var concat =
        Files.writeString(
            folder.resolve("list.mp4"), "ffconcat version 1.0\nfile " + video.getFileName() + "\n");
    var playlist =
        Files.writeString(
            folder.resolve("list.m3u8"),
            "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n"
                + video.getFileName()
                + "\n#EXT-X-ENDLIST\n");
    for (var path : List.of(concat, playlist)) {
      assertThatThrownBy(() -> VideoReader.open(path, Sampling.NONE))
          .isInstanceOf(MediaException.class);
    }
  }

  @Test
  void namesThatLookLikeAddressesAreFiles() throws IOException {
    var path = folder.resolve("a:b %03d*[ü].mp4");
    Files.move(numbered(3, 16), path);
    assertThat(numbers(path, Sampling.NONE)).containsExactly(0, 1, 2);
  }

  /** A video whose k-th picture shows k by its grey level. */
  private Path numbered(int count, double fps) {
    var frames = new ArrayList<Frame>();
    for (int i = 0; i < count; i++) {
      int grey = 20 + 4 * i;
      frames.add(Frame.filled(64, 48, grey << 16 | grey << 8 | grey));
    }
    return write("numbered.mp4", frames, fps);
  }

  private static List<Integer> numbers(Path path, Sampling sampling) {
    var numbers = new ArrayList<Integer>();
    try (var reader = VideoReader.open(path, sampling)) {
      reader.forEachRemaining(
          frame -> numbers.add(Math.round(((frame.at(32, 24) >> 8 & 0xff) - 20) / 4f)));
    }
    return numbers;
  }

  private Path write(String name, List<Frame> frames, double fps) {
    var first = frames.getFirst();
    var format = new VideoFormat(first.width(), first.height(), fps);
    try (var writer = Mp4Writer.open(folder.resolve(name), format, Map.of())) {
      writer.write(frames);
      return writer.finish();
    }
  }

  /** Sets the matrix of the track header (ISO/IEC 14496-12, 8.3.2) to a quarter turn. */
  private static void turnClockwise(Path path) throws IOException {
    var bytes = Files.readAllBytes(path);
    int header = new String(bytes, ISO_8859_1).indexOf("tkhd");
    var matrix = ByteBuffer.wrap(bytes, header + 4 + 40, 36);
    int one = 1 << 16;
    for (int value : new int[] {0, one, 0, -one, 0, 0, 48 * one, 0, 1 << 30}) {
      matrix.putInt(value);
    }
    Files.write(path, bytes);
  }

  private static Frame disc(int width, int height, int radius) {
    var frame = Frame.filled(width, height, 0x606060);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        if (Math.hypot(x - width / 2.0, y - height / 2.0) < radius) {
          Arrays.fill(frame.rgb(), 3 * (y * width + x), 3 * (y * width + x) + 3, (byte) 255);
        }
      }
    }
    return frame;
  }
}
