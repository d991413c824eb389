package dev.longtake.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.media.VideoReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A process that is told to stop in the middle of a long video. */
class InterruptionTest {
  private static final long ENOUGH_BYTES = 20_000;
  private static final long LONGEST_WAIT = TimeUnit.SECONDS.toNanos(60);

  @TempDir private Path folder;

  @Test
  @DisabledOnOs(OS.WINDOWS) // has no signals to send
  void saysWhereThePlayablePartIs() throws IOException, InterruptedException {
    var part = folder.resolve("clip.part.mp4");
    var said = folder.resolve("said.txt");
    var process = begin(said);
    long deadline = System.nanoTime() + LONGEST_WAIT;
    while (process.isAlive() && !isGrown(part) && System.nanoTime() < deadline) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }

    process.destroy(); // SIGTERM

    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(128 + 15);
    assertThat(Files.readAllLines(said))
        .last()
        .asString()
        .matches("longtake: stopped; the first .* s are in .*clip\\.part\\.mp4 and play as .*");
    assertThat(VideoReader.probe(part).frames()).isPositive();
    assertThat(folder.resolve("clip.mp4")).doesNotExist();
  }

  private Process begin(Path said) throws IOException {
    var command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            Main.class.getName(),
            "world",
            "--seconds",
            "80000",
            "--out",
            folder.resolve("clip.mp4").toString());
    return new ProcessBuilder(command)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .redirectError(said.toFile())
        .start();
  }

  private static boolean isGrown(Path part) throws IOException {
    return Files.exists(part) && Files.size(part) > ENOUGH_BYTES;
  }
}
