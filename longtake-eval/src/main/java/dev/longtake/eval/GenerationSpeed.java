package dev.longtake.eval;

import dev.longtake.memory.MemoryPolicies;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.Overlap;
import dev.longtake.rollout.Replay;
import dev.longtake.rollout.VideoGenerator;
import dev.longtake.rollout.VideoModel;
import dev.longtake.rollout.VideoRequest;
import dev.longtake.tensor.NativeMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * How fast a model makes video, in how much memory, and which part takes how long.
 *
 * <p>Videos are generated from a prompt and written as MP4 to a temporary file. The model is loaded
 * already; chunks of another video warm it up.
 *
 * @param method the above in a sentence
 * @param subject what was measured
 * @param machine on what
 * @param settings with what
 * @param summary of all runs
 * @param runs one video each
 */
public record GenerationSpeed(
    String method,
    Subject subject,
    Machine machine,
    Settings settings,
    SpeedSummary summary,
    List<SpeedRun> runs) {

  private static final String METHOD =
      "Videos from one prompt, model loaded, after chunks of another video that do not count. loop:"
          + " transformer and decoder; end_to_end: from request to finished MP4. Chunk percentiles"
          + " (50th and 99th) leave each run's first chunk out. The device is waited for after"
          + " every part of a chunk. With overlap a chunk counts until the one before is decoded, and"
          + " decode is what the loop waited for. Resident memory is VmRSS and VmHWM of the whole"
          + " process.";

  /**
   * What to measure.
   *
   * @param prompt of the videos
   * @param memory policy, as {@link MemoryPolicies#parse} reads it
   * @param seconds of video a run, above 0, at most a day
   * @param seed of the first video; each further run takes the next
   * @param warmup chunks that are made first and do not count, from 0
   * @param runs videos that count, at least 1
   * @param overlap whether chunks are decoded while the next ones are denoised
   * @param replay whether denoising passes are recorded and replayed
   */
  public record Settings(
      String prompt,
      String memory,
      double seconds,
      long seed,
      int warmup,
      int runs,
      Overlap overlap,
      Replay replay) {
    /** A prompt of the length people write. */
    public static final String PROMPT =
        "a red cube, a blue sphere and a yellow cone in a brick room, the camera pans right";

    /** Chunks after which memory is full and chunks are alike, with the usual policies. */
    public static final int WARMUP = 8;

    /** One run of 20 s with a model's own memory, one thing after the other. */
    public static Settings of(ModelConfig config) {
      return new Settings(PROMPT, config.memory(), 20, 0, WARMUP, 1, Overlap.OFF, Replay.OFF);
    }

    /** Checks the ranges. */
    public Settings {
      if (!(seconds > 0) || seconds > 86_400) {
        throw new IllegalArgumentException(
            "seconds must be above 0 and at most a day (86400), not " + seconds);
      }
      if (warmup < 0 || runs < 1) {
        throw new IllegalArgumentException(
            "warmup must be at least 0 and runs at least 1, not " + warmup + " and " + runs);
      }
      MemoryPolicies.parse(memory);
    }
  }

  /** Copies the list. */
  public GenerationSpeed {
    runs = List.copyOf(runs);
  }

  /**
   * Measures a model; takes as long as making the videos.
   *
   * @throws IllegalArgumentException if the model cannot read the prompt
   * @throws EvaluationException if no temporary file can be made
   */
  public static GenerationSpeed measure(VideoModel model, Settings settings, Reporter reporter) {
    var request =
        VideoRequest.of(model.config(), settings.prompt())
            .withMemory(MemoryPolicies.parse(settings.memory()));
    long frames = Math.max(1, Math.round(settings.seconds() * model.config().video().fps()));
    warmUp(model, request.withSeed(settings.seed()), settings);
    NativeMemory.resetPeak(model.device());
    var runs = new ArrayList<SpeedRun>();
    var file = temporary();
    try {
      for (int run = 0; run < settings.runs(); run++) {
        var seeded = request.withSeed(settings.seed() + run);
        runs.add(SpeedTrial.run(model, seeded, settings, frames, file, reporter));
        reporter.say("run " + (run + 1) + " of " + settings.runs() + " done");
      }
    } finally {
      delete(file);
    }
    double resident = NativeMemory.peakResidentBytes().orElse(0) / 1e6;
    double onDevice = NativeMemory.peakBytes(model.device()).orElse(0) / 1e6;
    return new GenerationSpeed(
        METHOD,
        Subject.of(model),
        Machine.with(model.device()),
        settings,
        SpeedSummary.of(runs, resident, onDevice),
        runs);
  }

  private static void warmUp(VideoModel model, VideoRequest request, Settings settings) {
    if (settings.warmup() == 0) {
      return;
    }
    try (var video = VideoGenerator.start(model, request, settings.overlap(), settings.replay())) {
      for (int chunk = 0; chunk < settings.warmup(); chunk++) {
        video.next();
      }
    }
  }

  private static Path temporary() {
    try {
      return Files.createTempDirectory("longtake-speed").resolve("video.mp4");
    } catch (IOException e) {
      throw new EvaluationException("no temporary folder can be made; set java.io.tmpdir", e);
    }
  }

  private static void delete(Path file) {
    var folder = file.getParent();
    try (var entries = Files.list(folder)) { // after a failure, what there is of the video
      for (var entry : entries.toList()) {
        Files.delete(entry);
      }
      Files.delete(folder);
    } catch (IOException e) {
      throw new EvaluationException("cannot delete " + folder + "; delete it by hand", e);
    }
  }
}
