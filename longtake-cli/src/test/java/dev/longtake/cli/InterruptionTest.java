package dev.longtake.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.media.VideoReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A process that is told to stop in the middle of something long. */
class InterruptionTest {
  private static final long ENOUGH_BYTES = 20_000;
  private static final long LONGEST_WAIT = TimeUnit.SECONDS.toNanos(60);

  @TempDir private Path folder;

  @Test
  @DisabledOnOs(OS.WINDOWS) // has no signals to send
  void saysWhereThePlayablePartIs() throws IOException, InterruptedException {
    var part = folder.resolve("clip.part.mp4");
    var said = folder.resolve("said.txt");
    var process =
        begin(said, Main.class, "world", "--seconds", "80000", "--out", folder.resolve("clip.mp4"));
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

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void aTrainingRunFinishesItsStepAndSavesIt() throws IOException, InterruptedException {
    var run = Files.writeString(folder.resolve("small.yaml"), TrainCommandTest.small());
    var out = folder.resolve("out");
    var said = folder.resolve("said.txt");
    var process =
        begin(
            said,
            Main.class,
            "train",
            run,
            "--out",
            out,
            "--device",
            "cpu",
            "--threads",
            "1",
            "--set",
            "vae.training.log_every=1",
            "--set",
            "vae.training.save_every=5000");
    awaitLine(process, said, "vae [");

    process.destroy();

    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(128 + 15);
    var lines = Files.readAllLines(said);
    assertThat(lines).anyMatch(line -> line.matches("longtake: vae: saved at step \\d+ of 5400"));
    assertThat(lines)
        .last()
        .isEqualTo("longtake: stopped; the same command goes on from the last checkpoint");
    try (var files = Files.list(out.resolve("vae"))) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .anyMatch(name -> name.matches("checkpoint-\\d+\\.safetensors"));
    }
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void aSecondSignalEndsAProcessThatDoesNotEndItself() throws IOException, InterruptedException {
    var said = folder.resolve("said.txt");
    var process = begin(said, Stubborn.class);
    awaitLine(process, said, "longtake: begun");
    process.destroy();
    awaitLine(process, said, "longtake: finishing what is under way; told to stop again, it ends");
    assertThat(process.isAlive()).isTrue();

    process.destroy();

    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(128 + 15);
    assertThat(Files.readString(said)).doesNotContain("farewell");
  }

  private static void awaitLine(Process process, Path said, String begins) throws IOException {
    long deadline = System.nanoTime() + LONGEST_WAIT;
    while (Files.readAllLines(said).stream().noneMatch(line -> line.startsWith(begins))) {
      assertThat(process.isAlive() && System.nanoTime() < deadline)
          .as("said %s", Files.readAllLines(said))
          .isTrue();
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
  }

  private static Process begin(Path said, Class<?> main, Object... arguments) throws IOException {
    var command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
    Stream.of(arguments).map(Object::toString).forEach(command::add);
    Files.createFile(said);
    return new ProcessBuilder(command)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .redirectError(said.toFile())
        .start();
  }

  private static boolean isGrown(Path part) throws IOException {
    return Files.exists(part) && Files.size(part) > ENOUGH_BYTES;
  }
}
