package dev.longtake.eval;

import dev.longtake.media.Frame;
import dev.longtake.media.Mp4Writer;
import dev.longtake.media.VideoFormat;
import dev.longtake.rollout.Awaited;
import dev.longtake.rollout.ChunkPart;
import dev.longtake.rollout.VideoChunk;
import dev.longtake.rollout.VideoGenerator;
import dev.longtake.rollout.VideoModel;
import dev.longtake.rollout.VideoRequest;
import dev.longtake.tensor.NativeMemory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** Makes one video, and takes the time of everything. */
final class SpeedTrial {
  private final VideoModel model;
  private final Reporter reporter;
  private final PartClock clock;
  private final List<Double> chunkSeconds = new ArrayList<>();
  private final List<Double> megabytes = new ArrayList<>();
  private final long begun = System.nanoTime();
  private double decode;
  private double encode;

  private SpeedTrial(VideoModel model, Reporter reporter) {
    this.model = model;
    this.reporter = reporter;
    clock = new PartClock(model.device());
  }

  /** Makes at least so many frames, and the MP4 of them. */
  static SpeedRun run(
      VideoModel model,
      VideoRequest request,
      GenerationSpeed.Settings settings,
      long frames,
      Path mp4,
      Reporter reporter) {
    return new SpeedTrial(model, reporter).run(request, settings, frames, mp4);
  }

  private SpeedRun run(
      VideoRequest request, GenerationSpeed.Settings settings, long frames, Path mp4) {
    var size = model.config().video();
    var format = new VideoFormat(size.width(), size.height(), size.fps());
    try (var video = VideoGenerator.start(model, request, settings.overlap(), settings.replay());
        var file = Mp4Writer.open(mp4, format, Map.of())) {
      model.device().synchronize();
      double prompt = since(begun);
      video.watchedBy(clock);
      var latest = begin(video);
      var firstFrame = latest.thenApply(chunk -> since(begun));
      while (video.frames() < frames) {
        var before = latest;
        latest = begin(video);
        write(file, Awaited.result(before));
      }
      long waiting = System.nanoTime();
      var last = Awaited.result(latest);
      chunkSeconds.add(chunkSeconds.removeLast() + since(waiting));
      write(file, last);
      long finishing = System.nanoTime();
      file.finish();
      encode += since(finishing);
      return result(video.frames(), prompt, Awaited.result(firstFrame));
    }
  }

  /** The next chunk; the one before is done then. */
  private CompletableFuture<VideoChunk> begin(VideoGenerator video) {
    long beginning = System.nanoTime();
    clock.begin();
    var chunk = video.begin();
    chunkSeconds.add(since(beginning));
    while (megabytes.size() < Math.floor(video.seconds())) {
      megabytes.add(NativeMemory.residentBytes() / 1e6);
    }
    if (chunkSeconds.size() % 10 == 0) {
      reporter.say(String.format(Locale.ROOT, "%.0f s of video", video.seconds()));
    }
    return chunk;
  }

  private void write(Mp4Writer file, VideoChunk chunk) {
    decode += chunk.decodeSeconds();
    long beginning = System.nanoTime();
    file.write(
        chunk.frames().stream().map(rgb -> new Frame(chunk.width(), chunk.height(), rgb)).toList());
    encode += since(beginning);
  }

  private SpeedRun result(long frames, double prompt, double firstFrame) {
    double seconds = since(begun);
    double recall = clock.seconds(ChunkPart.RECALL);
    double denoise = clock.seconds(ChunkPart.DENOISE);
    double remember = clock.seconds(ChunkPart.CLEAN) + clock.seconds(ChunkPart.REMEMBER);
    double loop = chunkSeconds.stream().mapToDouble(Double::doubleValue).sum();
    double waited = loop - recall - denoise - remember;
    var parts =
        new SpeedParts(
            prompt, recall, denoise, remember, waited, encode, seconds - prompt - loop - encode);
    double hidden = Math.max(0, decode - waited);
    return new SpeedRun(frames, seconds, firstFrame, parts, hidden, chunkSeconds, megabytes);
  }

  private static double since(long nanos) {
    return (System.nanoTime() - nanos) / 1e9;
  }
}
