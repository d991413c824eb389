package dev.longtake.media;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is left, and what is said, when writing goes wrong. */
class WriteFailureTest {

  private static final VideoFormat FORMAT = new VideoFormat(192, 128, 16);

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"191,128,width", "192,127,height"})
  void oddSizesAreRefusedWithTheirEvenNeighbours(int width, int height, String side) {
    assertThatThrownBy(() -> new VideoFormat(width, height, 16))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(side + " must be even")
        .hasMessageContaining("use ");
  }

  @Test
  void aMissingDirectoryIsNamed() {
    assertRefused(folder.resolve("absent/clip.mp4"), "absent", "does not exist; create it");
  }

  @Test
  void aDirectoryIsNotTakenForAFile() throws IOException {
    var path = Files.createDirectory(folder.resolve("clip.mp4"));
    assertRefused(path, "clip.mp4", "is a directory");
  }

  @Test
  void aFileIsNotTakenForADirectory() throws IOException {
    var file = Files.writeString(folder.resolve("file"), "");
    assertRefused(file.resolve("clip.mp4"), "clip.mp4", "is not a directory");
  }

  @Test
  void anotherExtensionIsRefused() {
    assertRefused(folder.resolve("clip.avi"), "clip.avi", "must end in .mp4");
  }

  @Test
  void aClosedDirectoryIsNamed() {
    assumeTrue(folder.toFile().setWritable(false) && !Files.isWritable(folder), "not as root");
    try {
      assertRefused(folder.resolve("clip.mp4"), "clip.mp4", "no permission");
    } finally {
      folder.toFile().setWritable(true);
    }
  }

  @Test
  void aFolderThatTakesNoFilesIsSeenBeforehand() {
    assumeTrue(Files.isDirectory(Path.of("/proc/self")), "needs Linux");

    assertThatThrownBy(() -> Mp4Writer.checkTarget(Path.of("/proc/clip.mp4")))
        .isInstanceOf(MediaException.class)
        .hasMessageContainingAll("cannot write /proc/clip.mp4", "in /proc", "another path");
  }

  @Test
  void lookingAtATargetLeavesNothing() {
    Mp4Writer.checkTarget(folder.resolve("clip.mp4"));

    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void aFullDiskIsSeenWhenTheWriterIsOpened() throws IOException {
    assumeTrue(Files.exists(Path.of("/dev/full")), "needs Linux");
    var path = folder.resolve("clip.mp4");
    Files.createSymbolicLink(Mp4Writer.partOf(path), Path.of("/dev/full"));

    assertRefused(path, "clip.part.mp4", "No space left on device");
  }

  @Test
  void aKilledProcessLeavesEveryChunkItWrote() throws Exception {
    var path = folder.resolve("killed.mp4");

    assertThat(child(ChildWriter.HALT_AFTER_TWO_CHUNKS, path, "")).isEqualTo(ChildWriter.HALTED);

    assertThat(path).doesNotExist();
    var part = folder.resolve("killed.part.mp4");
    assertThat(VideoReader.probe(part).tags()).containsEntry("prompt", "halt");
    try (var reader = VideoReader.open(part, Sampling.NONE)) {
      for (int i = 0; i < 24; i++) {
        assertThat(Pictures.psnr(reader.next(), Pictures.wave(192, 128, i))).isGreaterThan(38);
      }
      assertThat(reader.hasNext()).isFalse();
    }
  }

  @Test
  void aDiskThatFillsUpKeepsEarlierChunks() throws Exception {
    assumeTrue(Files.exists(Path.of("/bin/bash")), "needs a shell with ulimit");
    var path = folder.resolve("full.mp4");

    // A limit on the size of files (in KiB) stands in for a small disk.
    int code = child(ChildWriter.UNTIL_FULL, path, "ulimit -f 64; exec ");

    assertThat(code).as("pictures the writer counted").isPositive().isLessThan(200);
    var part = folder.resolve("full.part.mp4");
    assertThat(Files.size(part)).isLessThanOrEqualTo(64 * 1024);
    assertThat(VideoReader.probe(part).frames()).isEqualTo(code);
    assertThat(VideoReader.probe(part).complete()).isTrue();
    assertThat(path).doesNotExist();
  }

  @Test
  void aFinishWithoutRoomKeepsThePartFileAndSaysSo() throws Exception {
    assumeTrue(Files.exists(Path.of("/dev/full")), "needs Linux");
    var path = folder.resolve("clip.mp4");
    var writer = Mp4Writer.open(path, FORMAT, Map.of());
    writer.write(Pictures.waves(192, 128, 0, 4));
    Files.createSymbolicLink(AtomicFile.temporary(path), Path.of("/dev/full"));

    assertThatThrownBy(writer::finish)
        .isInstanceOf(MediaException.class)
        .hasMessageContaining("No space left on device")
        .hasMessageContaining("every picture is kept in")
        .hasMessageContaining("clip.part.mp4");
    writer.close();

    assertThat(VideoReader.probe(writer.partFile()).frames()).isEqualTo(4);
    assertThat(path).doesNotExist();
  }

  @Test
  void aPartFileThatWasDamagedMeanwhileDoesNotReplaceAnOlderVideo() throws IOException {
    var path = Files.writeString(folder.resolve("clip.mp4"), "older");
    try (var writer = Mp4Writer.open(path, FORMAT, Map.of())) {
      writer.write(Pictures.waves(192, 128, 0, 4));
      long whole = writer.bytes();
      writer.write(Pictures.waves(192, 128, 4, 4));
      try (var part = FileChannel.open(writer.partFile(), StandardOpenOption.WRITE)) {
        part.write(ByteBuffer.allocate(Math.toIntExact(writer.bytes() - whole)), whole);
      }

      assertThatThrownBy(writer::finish)
          .isInstanceOf(MediaException.class)
          .hasMessageContaining("only 4 of 8 pictures can be read back");
    }
    assertThat(path).hasContent("older");
    assertThat(folder.resolve("clip.part.mp4")).exists();
  }

  private void assertRefused(Path path, String... words) {
    assertThatThrownBy(() -> Mp4Writer.open(path, FORMAT, Map.of()))
        .isInstanceOf(MediaException.class)
        .hasMessageContainingAll(words)
        .hasMessageNotContaining("\n");
  }

  private int child(String behaviour, Path path, String before) throws Exception {
    var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String[] program = {
      java,
      "--enable-native-access=ALL-UNNAMED",
      "-cp",
      System.getProperty("java.class.path"),
      ChildWriter.class.getName(),
      behaviour,
      path.toString()
    };
    var builder =
        before.isEmpty()
            ? new ProcessBuilder(program)
            : new ProcessBuilder(shell(before + "\"$0\" \"$@\"", program));
    var log = folder.resolve("child.log");
    var process = builder.redirectErrorStream(true).redirectOutput(log.toFile()).start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("child ends").isTrue();
    assertThat(Files.readString(log)).as("child's output").isEmpty();
    return process.exitValue();
  }

  private static String[] shell(String script, String[] program) {
    var command = new java.util.ArrayList<String>(java.util.List.of("/bin/bash", "-c", script));
    command.addAll(java.util.List.of(program));
    return command.toArray(String[]::new);
  }
}
