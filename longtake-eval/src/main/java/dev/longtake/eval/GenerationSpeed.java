package dev.longtake.eval;

import dev.longtake.media.Frame;
import dev.longtake.media.Mp4Writer;
import dev.longtake.media.VideoFormat;
import dev.longtake.rollout.VideoChunk;
import dev.longtake.rollout.VideoGenerator;
import dev.longtake.rollout.VideoModel;
import dev.longtake.rollout.VideoRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * How fast a model makes video, and in how much memory.
 *
 * <p>A video is generated from a prompt and written as MP4 to a temporary file. The model is loaded
 * already and nothing is warmed up; the first chunk counts for what a user waits, not for the
 * percentiles.
 *
 * @param method the above in a sentence
 * @param subject what was measured
 * @param settings with what
 * @param memory policy as text
 * @param frames generated
 * @param denoisingFramesPerSecond while the transformer runs
 * @param loopFramesPerSecond of denoising and decoding, chunk after chunk
 * @param endToEndFramesPerSecond from the request to the finished file: reading the prompt,
 *     denoising, decoding and encoding the MP4
 * @param firstChunkSeconds from the request to the first pictures
 * @param medianChunkSeconds denoising and decoding, the first chunk left out
 * @param slowChunkSeconds the 99th percentile of the same
 * @param megabytesAt20Seconds resident memory when 20 s of video were made; 0 if it was shorter or
 *     the system does not tell
 * @param megabytesAt60Seconds the same for 60 s
 * @param megabytes resident memory when 1, 2, 3 ... s of video were made, 10^6 bytes
 */
public record GenerationSpeed(
    String method,
    Subject subject,
    Settings settings,
    String memory,
    long frames,
    double denoisingFramesPerSecond,
    double loopFramesPerSecond,
    double endToEndFramesPerSecond,
    double firstChunkSeconds,
    double medianChunkSeconds,
    double slowChunkSeconds,
    double megabytesAt20Seconds,
    double megabytesAt60Seconds,
    List<Double> megabytes) {

  private static final String METHOD =
      "One video, model loaded, nothing warmed up. denoising: transformer only; loop: transformer"
          + " and decoder; end_to_end: from request to finished MP4. Chunk percentiles (50th and"
          + " 99th) leave the first chunk out. Memory is VmRSS of the whole process.";

  /**
   * What to measure.
   *
   * @param prompt of the video
   * @param seconds of video, above 0
   * @param seed of the video
   */
  public record Settings(String prompt, double seconds, long seed) {
    /** 62 s, long enough to tell whether memory grows. */
    public static final Settings DEFAULT =
        new Settings(
            "a red cube, a blue sphere and a yellow cone in a brick room, the camera pans right",
            62,
            0);

    /** Checks the range. */
    public Settings {
      if (!(seconds > 0) || seconds > 86_400) {
        throw new IllegalArgumentException("seconds must be above 0, not " + seconds);
      }
    }
  }

  /** Copies the list. */
  public GenerationSpeed {
    megabytes = List.copyOf(megabytes);
  }

  /**
   * Measures a model; takes as long as making the video.
   *
   * @throws EvaluationException if no temporary file can be made
   */
  public static GenerationSpeed measure(VideoModel model, Settings settings, Reporter reporter) {
    var size = model.config().video();
    long frames = Math.max(1, Math.round(settings.seconds() * size.fps()));
    var request = VideoRequest.of(model.config(), settings.prompt()).withSeed(settings.seed());
    var chunks = new ArrayList<VideoChunkTime>();
    var megabytes = new ArrayList<Double>();
    double firstChunk = 0;
    double whole;
    long made;
    var file = temporary();
    long begun = System.nanoTime();
    try (var video = VideoGenerator.start(model, request);
        var mp4 =
            Mp4Writer.open(
                file, new VideoFormat(size.width(), size.height(), size.fps()), Map.of())) {
      while (video.frames() < frames) {
        var chunk = video.next();
        if (chunks.isEmpty()) {
          firstChunk = (System.nanoTime() - begun) / 1e9;
        }
        chunks.add(VideoChunkTime.of(chunk));
        mp4.write(pictures(chunk));
        while (megabytes.size() < Math.floor(video.seconds())) {
          megabytes.add(ResidentMemory.megabytes());
        }
        if (chunks.size() % 10 == 0) {
          reporter.say(String.format(Locale.ROOT, "%.0f s of video", video.seconds()));
        }
      }
      mp4.finish();
      made = video.frames();
      whole = (System.nanoTime() - begun) / 1e9;
    } finally {
      delete(file);
    }
    var sorted =
        chunks.stream().skip(1).mapToDouble(c -> c.denoising() + c.decoding()).sorted().toArray();
    double denoising = chunks.stream().mapToDouble(VideoChunkTime::denoising).sum();
    double decoding = chunks.stream().mapToDouble(VideoChunkTime::decoding).sum();
    return new GenerationSpeed(
        METHOD,
        Subject.of(model),
        settings,
        model.config().memory(),
        made,
        made / denoising,
        made / (denoising + decoding),
        made / whole,
        firstChunk,
        percentile(sorted, 50),
        percentile(sorted, 99),
        at(megabytes, 20),
        at(megabytes, 60),
        megabytes);
  }

  private record VideoChunkTime(double denoising, double decoding) {
    static VideoChunkTime of(VideoChunk chunk) {
      return new VideoChunkTime(chunk.denoiseSeconds(), chunk.decodeSeconds());
    }
  }

  /** The smallest value that so many percent of all do not exceed; 0 of none. */
  static double percentile(double[] sorted, double percent) {
    if (sorted.length == 0) {
      return 0;
    }
    int rank = (int) Math.ceil(percent / 100 * sorted.length);
    return sorted[Math.clamp(rank - 1, 0, sorted.length - 1)];
  }

  private static double at(List<Double> bySecond, int second) {
    return bySecond.size() < second ? 0 : bySecond.get(second - 1);
  }

  private static List<Frame> pictures(VideoChunk chunk) {
    return chunk.frames().stream()
        .map(rgb -> new Frame(chunk.width(), chunk.height(), rgb))
        .toList();
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
