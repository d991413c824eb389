package dev.longtake.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.longtake.eval.GenerationSpeed.Settings;
import dev.longtake.rollout.Overlap;
import dev.longtake.rollout.Replay;
import dev.longtake.tensor.Device;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of times once they are taken; these were never taken. */
class SpeedTest {
  private static final SpeedRun FAST = run(4, 1, 2, 1, 0.5);
  private static final SpeedRun SLOW = run(12, 3, 9, 2, 1);

  @Test
  void ratesAreFramesOfAllRunsByTheirTime() {
    var sum = SpeedSummary.of(List.of(FAST, SLOW), 100, 0);

    assertThat(sum.endToEndFramesPerSecond()).isEqualTo(66 / 16.0);
    assertThat(sum.loopFramesPerSecond()).isEqualTo(66 / (3.5 + 12));
    assertThat(sum.firstFrameSeconds()).isEqualTo(1);
    assertThat(sum.peakResidentMegabytes()).isEqualTo(100);
  }

  @Test
  void aRunsFirstChunkCountsForNoPercentile() {
    var sum = SpeedSummary.of(List.of(FAST, SLOW), 0, 0);

    // 0.5, 1, 1, 2 without the first chunks of 2 and 9
    assertThat(sum.medianChunkSeconds()).isEqualTo(1);
    assertThat(sum.slowChunkSeconds()).isEqualTo(2);
    var alone = SpeedSummary.of(List.of(run(4, 1, 3)), 0, 0);
    assertThat(alone.medianChunkSeconds()).isZero();
  }

  @Test
  void percentilesAreValuesThatOccurred() {
    double[] sorted = {1, 2, 3, 4};

    assertThat(SpeedSummary.percentile(sorted, 50)).isEqualTo(2);
    assertThat(SpeedSummary.percentile(sorted, 99)).isEqualTo(4);
  }

  @Test
  void sharesAreOfAllRunsAndAddUpToOne() {
    var shares = SpeedSummary.of(List.of(FAST, SLOW), 0, 0).shares();

    assertThat(shares.total()).isEqualTo(1, within(1e-12));
    assertThat(shares.denoise()).isEqualTo(0.5);
    assertThat(shares.other()).isEqualTo(0.125);
  }

  @Test
  void theTextNamesModelMachineAndNumbers() {
    assertThat(SpeedReport.text(speed("NVIDIA H200")).lines())
        .contains(
            "tiny, 1.5 M weights, 32 x 16, euler, 2 steps, full, cached",
            "Some \"fast\" CPU, 2 cores, Linux 6, amd64",
            "NVIDIA H200, driver 580.1, CUDA 13.0, cuDNN 9.19.0",
            "2 runs of 2.5 s after 8 chunks to warm up, overlap off, replay off",
            "end to end              4.13 frames/s",
            "chunk, 99th percentile  2.000 s",
            "peak resident memory    100 MB",
            "peak GPU memory         -",
            "denoise                  50.0 %");
    assertThat(SpeedReport.text(speed(Machine.NONE))).doesNotContain("driver");
  }

  @Test
  void theTableHasAsManyCellsInEveryLine() {
    var lines = SpeedReport.csv(speed("NVIDIA H200")).lines().toList();

    assertThat(lines).hasSize(3);
    var names = Arrays.asList(lines.getFirst().split(","));
    assertThat(names).doesNotHaveDuplicates().contains("cpu", "denoise_seconds");
    for (var line : lines.subList(1, 3)) {
      assertThat(line).contains("\"euler, 2 steps\"", "\"Some \"\"fast\"\" CPU\"");
      var plain = line.replaceAll("\"([^\"]|\"\")*\"", "quoted");
      assertThat(plain.split(",", -1)).hasSameSizeAs(names);
      assertThat(plain.split(",", -1)[names.indexOf("frames")]).isEqualTo("33");
    }
    var second = lines.get(2).replaceAll("\"([^\"]|\"\")*\"", "quoted").split(",", -1);
    assertThat(second[names.indexOf("seed")]).isEqualTo("8");
    assertThat(second[names.indexOf("denoise_seconds")]).isEqualTo("6.000000");
    assertThat(second[names.indexOf("end_to_end_frames_per_second")]).isEqualTo("2.750000");
  }

  @Test
  void settingsOutOfRangeAreRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> settings(0, 0, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> settings(1, -1, 1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> settings(1, 0, 0))
        .withMessageContaining("not 0 and 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Settings("x", "slidng-window", 1, 0, 0, 1, Overlap.OFF, Replay.OFF))
        .withMessageContaining("sliding-window");
  }

  @Test
  void theMachineIsWhatItsSystemSays(@TempDir Path proc) throws Exception {
    assertThat(Machine.read(proc, Device.CPU).cpu()).isEqualTo(Machine.UNKNOWN);
    Files.writeString(
        proc.resolve("cpuinfo"), "processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\nflags\t: fpu\n");
    var gpu = Files.createDirectories(proc.resolve("driver/nvidia/gpus/0000:01:00.0"));
    Files.writeString(gpu.resolve("information"), "Model: \t\t NVIDIA H200\nIRQ:   1\n");
    Files.writeString(
        proc.resolve("driver/nvidia/version"),
        "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build\n");

    var plain = Machine.read(proc, Device.CPU);
    assertThat(plain.cpu()).isEqualTo("Some CPU @ 2 GHz");
    assertThat(plain.cores()).isPositive();
    assertThat(List.of(plain.gpu(), plain.driver(), plain.cuda())).containsOnly(Machine.NONE);
    var withGpu = Machine.read(proc, Device.cuda(0));
    assertThat(withGpu.gpu()).isEqualTo("NVIDIA H200");
    assertThat(withGpu.driver()).isEqualTo("580.95.05");
  }

  /** A run of 33 frames whose parts are half denoising and an eighth other things. */
  private static SpeedRun run(double seconds, double firstFrame, double... chunks) {
    double s = seconds;
    var parts = new SpeedParts(s / 16, s / 16, s / 2, s / 8, s / 16, s / 16, s / 8);
    var chunkSeconds = Arrays.stream(chunks).boxed().toList();
    return new SpeedRun(33, seconds, firstFrame, parts, 0, chunkSeconds, List.of(90.0, 100.0));
  }

  private static Settings settings(double seconds, int warmup, int runs) {
    return new Settings("a red cube", "full", seconds, 7, warmup, runs, Overlap.OFF, Replay.OFF);
  }

  private static GenerationSpeed speed(String gpu) {
    var subject =
        new Subject(
            "tiny",
            1_500_000,
            32,
            16,
            "euler, 2 steps",
            "cached",
            "cpu",
            "float32",
            "plain",
            "device",
            2,
            "linux-x86_64",
            "25");
    var machine =
        new Machine("Linux 6, amd64", "Some \"fast\" CPU", 2, gpu, "580.1", "13.0", "9.19.0");
    var runs = List.of(FAST, SLOW);
    return new GenerationSpeed(
        "none", subject, machine, settings(2.5, 8, 2), SpeedSummary.of(runs, 100, 0), runs);
  }
}
