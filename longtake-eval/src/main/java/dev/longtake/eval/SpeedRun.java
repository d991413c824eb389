package dev.longtake.eval;

import dev.longtake.media.Frame;
import dev.longtake.media.Mp4Writer;
import dev.longtake.media.VideoFormat;
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

/**
 * One video, timed.
 *
 * @param frames pictures made
 * @param seconds from the request to the finished file
 * @param firstFrameSeconds from the request to the first pictures
 * @param parts where the seconds went
 * @param chunkSeconds of each chunk, from noise to pictures
 * @param megabytes resident memory when 1, 2, 3 ... s of video were made, 10^6 bytes
 */
public record SpeedRun(
    long frames,
    double seconds,
    double firstFrameSeconds,
    SpeedParts parts,
    List<Double> chunkSeconds,
    List<Double> megabytes) {

  /** Copies the lists. */
  public SpeedRun {
    chunkSeconds = List.copyOf(chunkSeconds);
    megabytes = List.copyOf(megabytes);
  }

  /** Time of all chunks: transformer and decoder, without prompt and MP4. */
  public double loopSeconds() {
    return chunkSeconds.stream().mapToDouble(Double::doubleValue).sum();
  }

  /** Makes at least so many frames, and the MP4 of them. */
  static SpeedRun measure(
      VideoModel model, VideoRequest request, long frames, Path mp4, Reporter reporter) {
    var size = model.config().video();
    var format = new VideoFormat(size.width(), size.height(), size.fps());
    var clock = new PartClock(model.device());
    var chunkSeconds = new ArrayList<Double>();
    var megabytes = new ArrayList<Double>();
    double firstFrame = 0;
    double encode = 0;
    long begun = System.nanoTime();
    try (var video = VideoGenerator.start(model, request);
        var file = Mp4Writer.open(mp4, format, Map.of())) {
      model.device().synchronize();
      double prompt = since(begun);
      video.watchedBy(clock);
      while (video.frames() < frames) {
        long chunkBegun = System.nanoTime();
        clock.begin();
        var chunk = video.next();
        chunkSeconds.add(since(chunkBegun));
        firstFrame = chunk.index() == 0 ? since(begun) : firstFrame;
        long encodeBegun = System.nanoTime();
        file.write(pictures(chunk));
        encode += since(encodeBegun);
        while (megabytes.size() < Math.floor(video.seconds())) {
          megabytes.add(NativeMemory.residentBytes() / 1e6);
        }
        if (chunkSeconds.size() % 10 == 0) {
          reporter.say(String.format(Locale.ROOT, "%.0f s of video", video.seconds()));
        }
      }
      long finishBegun = System.nanoTime();
      file.finish();
      encode += since(finishBegun);
      double seconds = since(begun);
      var parts = parts(clock, prompt, encode, seconds);
      return new SpeedRun(video.frames(), seconds, firstFrame, parts, chunkSeconds, megabytes);
    }
  }

  private static SpeedParts parts(PartClock clock, double prompt, double encode, double seconds) {
    double recall = clock.seconds(ChunkPart.RECALL);
    double denoise = clock.seconds(ChunkPart.DENOISE);
    double remember = clock.seconds(ChunkPart.REMEMBER);
    double decode = clock.seconds(ChunkPart.DECODE);
    double other = seconds - prompt - recall - denoise - remember - decode - encode;
    return new SpeedParts(prompt, recall, denoise, remember, decode, encode, other);
  }

  private static List<Frame> pictures(VideoChunk chunk) {
    return chunk.frames().stream()
        .map(rgb -> new Frame(chunk.width(), chunk.height(), rgb))
        .toList();
  }

  private static double since(long nanos) {
    return (System.nanoTime() - nanos) / 1e9;
  }
}
