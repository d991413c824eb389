package dev.longtake.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.longtake.rollout.TinyModel;
import dev.longtake.world.Caption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Speed from a terminal; what the numbers mean is tested beside the measurement. */
class BenchCommandTest {
  @TempDir private static Path model;
  @TempDir private Path folder;

  @BeforeAll
  static void write() {
    TinyModel.write(model, Caption.vocabulary());
  }

  @Test
  void peopleReadItFromStandardOutput() {
    var spoken = bench();

    assertThat(spoken.out())
        .startsWith("tiny, ")
        .contains("1 run of 1 s after 1 chunks to warm up", TinyModel.MEMORY)
        .containsPattern("(?m)^loop +\\d+\\.\\d\\d frames/s$")
        .containsPattern("(?m)^denoise +\\d+\\.\\d %$");
    assertThat(spoken.err()).contains("longtake: run 1 of 1 done");
  }

  @Test
  void whatOverlapHidesIsShownBesideTheShares() {
    assertThat(bench("--overlap", "off").out())
        .contains("overlap off")
        .doesNotContain("beside these");
    assertThat(bench("--overlap", "on").out())
        .contains("overlap on")
        .containsPattern("(?m)^decode, beside these +\\d+\\.\\d %$");
  }

  @Test
  void programsReadJsonFromAFile() throws IOException {
    var file = folder.resolve("made/speed.json");

    var spoken = bench("--format", "json", "--runs", 2, "--memory", "full", "-o", file);

    assertThat(spoken.out()).isEmpty();
    var json = new ObjectMapper().readTree(file.toFile());
    assertThat(json.path("subject").path("dtype").asText()).isEqualTo("float32");
    assertThat(json.path("subject").path("arithmetic").asText()).isEqualTo("plain");
    assertThat(json.path("subject").path("text_encoder").asText()).isEqualTo("device");
    assertThat(json.path("settings").path("memory").asText()).isEqualTo("full");
    assertThat(json.path("runs").size()).isEqualTo(2);
    assertThat(json.path("summary").path("loop_frames_per_second").asDouble()).isPositive();
    try (var files = Files.list(file.getParent())) {
      assertThat(files).containsExactly(file);
    }
  }

  @Test
  void spreadsheetsReadALineForEachRun() {
    var lines = bench("--format", "csv", "--runs", 2, "--dtype", "bfloat16").out().lines().toList();

    assertThat(lines).hasSize(3);
    assertThat(lines.getFirst()).startsWith("model,").endsWith(",other_seconds");
    assertThat(lines.get(1)).startsWith("tiny,").contains(",bfloat16,");
  }

  @Test
  void aPromptThatDoesNotFitIsFoundBeforeTheModelIsLoaded() {
    var spoken = Spoken.by("bench", "--model", model, "--prompt", "cube ".repeat(60));

    assertThat(spoken.code()).isEqualTo(2);
    assertThat(spoken.err()).hasSize(1).first().asString().contains("61 tokens", "at most 48");
  }

  @Test
  void aPlaceThatCannotBeWrittenIsFoundBeforeAnythingIsMeasured() {
    var spoken = Spoken.by("bench", "--model", "nowhere", "--out", folder);

    assertThat(spoken.code()).isEqualTo(2);
    assertThat(spoken.err())
        .containsExactly("longtake: " + folder + " is a folder; give the name of a file");
  }

  @Test
  void aPublishedNetworkIsTimedWithoutItsFiles() throws IOException {
    var file = folder.resolve("times.json");

    var spoken =
        Spoken.by(
            "bench",
            "--random-weights",
            "tiny",
            "--device",
            "cpu",
            "--seconds",
            3,
            "--format",
            "json",
            "-o",
            file);

    assertThat(spoken.code()).as("%s", spoken.err()).isZero();
    var json = new ObjectMapper().readTree(file.toFile());
    assertThat(json.path("network").asText()).isEqualTo("tiny");
    assertThat(json.path("chunks").get(0).path("way").asText()).isEqualTo("plain");
    assertThat(json.path("chunks").get(0).path("milliseconds").asDouble()).isPositive();
    assertThat(json.path("chunk_ms_bf16").asDouble()).isPositive();
    assertThat(json.path("videos").get(0).path("resident_gib").size()).isBetween(3, 7);
  }

  @Test
  void aStepOfTrainingIsTimedWithoutFiles() throws IOException {
    var file = folder.resolve("step.json");

    var spoken = training("contextual-dmd", "--format", "json", "-o", file);

    assertThat(spoken.code()).as("%s", spoken.err()).isZero();
    var json = new ObjectMapper().readTree(file.toFile());
    assertThat(json.path("generator_step_ms").asDouble()).isPositive();
    assertThat(json.path("critic_step_ms").asDouble()).isPositive();
    assertThat(json.path("peak_gib").asDouble()).isPositive();
    assertThat(json.path("activations").asText()).isEqualTo("recomputed");
    assertThat(json.path("generator").get(3).path("part").asText()).isEqualTo("teacher");
  }

  @Test
  void aTrainingThatIsNotTimedIsRefusedInOneLine() {
    assertThat(training("local-dmd").err())
        .containsExactly("longtake: no training 'local-dmd' is timed; give contextual-dmd");
    assertThat(training("contextual-dmd", "--activations", "some").err())
        .containsExactly("longtake: --activations is 'some'; give kept or recomputed");
    assertThat(Spoken.by("bench", "--training", "contextual-dmd").err())
        .hasSize(1)
        .first()
        .asString()
        .contains("random weights; give --random-weights");
  }

  private static Spoken training(String stage, Object... options) {
    var all = new ArrayList<Object>(List.of("bench", "--random-weights", "tiny"));
    all.addAll(List.of("--device", "cpu", "--training", stage));
    all.addAll(List.of(options));
    return Spoken.by(all.toArray());
  }

  @Test
  void anArithmeticThatTheDeviceHasNotIsRefusedInOneLine() {
    var spoken =
        Spoken.by("bench", "--model", model, "--device", "cpu", "--arithmetic", "fused-fp8");

    assertThat(spoken.code()).isEqualTo(2);
    assertThat(spoken.err())
        .containsExactly(
            "longtake: arithmetic fused-fp8 needs a CUDA GPU and bfloat16, not cpu and float32;"
                + " give plain");
    assertThat(Spoken.by("bench", "--arithmetic", "quick").err().getFirst())
        .contains("unknown arithmetic 'quick'; give plain, plain-fp8, fused, fused-fp8");
  }

  @Test
  void aModelInEightBitsMakesVideoToo() {
    assertThat(bench("--arithmetic", "plain-fp8", "--text-encoder", "cpu").out())
        .startsWith("tiny, ")
        .contains("plain-fp8 arithmetic, text encoder cpu");
  }

  private static Spoken bench(Object... options) {
    var all = new ArrayList<Object>(List.of("bench", "--model", model, "--device", "cpu"));
    all.addAll(List.of("--seconds", 1, "--warmup", 1));
    all.addAll(List.of(options));
    var spoken = Spoken.by(all.toArray());
    assertThat(spoken.code()).as("%s", spoken.err()).isZero();
    return spoken;
  }
}
