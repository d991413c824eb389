package dev.longtake.eval;

import dev.longtake.rollout.Arithmetic;
import dev.longtake.rollout.Overlap;
import dev.longtake.rollout.Replay;
import dev.longtake.rollout.VideoChunk;
import dev.longtake.rollout.VideoGenerator;
import dev.longtake.rollout.VideoModel;
import dev.longtake.rollout.VideoRequest;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.NativeMemory;
import dev.longtake.text.TextResidence;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;

/**
 * One video of a network with random weights, from noise to pictures: how fast, in how much memory.
 *
 * @param decoder {@code autoencoder} or {@code tiny}
 * @param arithmetic of transformer and autoencoder
 * @param seconds of video
 * @param framesPerSecond pictures by the time they took, without the first chunks
 * @param peakGib the most that tensors took on the GPU; on a processor the most that was resident
 * @param deviceGib what LibTorch held of the GPU when 1, 2, 3 ... s of video were made, 2^30 bytes;
 *     empty on a processor
 * @param residentGib what the process had resident then
 */
public record NetworkVideo(
    String decoder,
    String arithmetic,
    double seconds,
    double framesPerSecond,
    double peakGib,
    List<Double> deviceGib,
    List<Double> residentGib) {
  /** With the autoencoder. */
  public static final String FULL = "autoencoder";

  /** With the tiny decoder. */
  public static final String TINY = "tiny";

  private static final double GIB = 1L << 30;
  private static final int FIRST_CHUNKS = 8; // memory fills, and what is made once is made

  /** Copies the lists. */
  public NetworkVideo {
    deviceGib = List.copyOf(deviceGib);
    residentGib = List.copyOf(residentGib);
  }

  /** A video with the autoencoder, and one a quarter as long with the tiny decoder. */
  static List<NetworkVideo> both(
      NetworkSize size,
      Device device,
      Dtype dtype,
      Arithmetic arithmetic,
      double seconds,
      Reporter reporter) {
    var full = make(size, device, dtype, arithmetic, FULL, seconds, reporter);
    return List.of(full, make(size, device, dtype, arithmetic, TINY, seconds / 4, reporter));
  }

  private static NetworkVideo make(
      NetworkSize size,
      Device device,
      Dtype dtype,
      Arithmetic arithmetic,
      String decoder,
      double seconds,
      Reporter reporter) {
    NativeMemory.giveBack(device); // what was measured before took more, and would hide growth
    try (var parts = RandomParts.of(size, dtype, device, decoder.equals(TINY));
        var model = VideoModel.open(parts, device, dtype, TextResidence.DEVICE, arithmetic)) {
      NativeMemory.resetPeak(device);
      var request = VideoRequest.of(model.config(), RandomParts.PROMPT);
      var replay = Replay.parse("auto", device, arithmetic, request.memory());
      try (var video =
          VideoGenerator.start(model, request, Overlap.parse("auto", device), replay)) {
        var made = new Trial(video, device, seconds * model.config().video().fps());
        double rate = made.run();
        double peak =
            NativeMemory.peakBytes(device)
                    .orElseGet(() -> NativeMemory.peakResidentBytes().orElse(0))
                / GIB;
        reporter.say(
            String.format(
                Locale.ROOT,
                "%.0f s of video by the %s decoder, %s: %.1f frames/s, peak %.1f GiB",
                video.seconds(),
                decoder,
                arithmetic,
                rate,
                peak));
        return new NetworkVideo(
            decoder,
            arithmetic.toString(),
            video.seconds(),
            rate,
            peak,
            made.onDevice,
            made.resident);
      }
    }
  }

  /** The way of one video. */
  private static final class Trial {
    private final VideoGenerator video;
    private final Device device;
    private final double frames;
    private final List<Double> onDevice = new ArrayList<>();
    private final List<Double> resident = new ArrayList<>();

    Trial(VideoGenerator video, Device device, double frames) {
      this.video = video;
      this.device = device;
      this.frames = frames;
    }

    /** Frames a second of all chunks after the first ones, of which there is one at least. */
    double run() {
      var latest = CompletableFuture.<VideoChunk>completedFuture(null);
      long before = 0;
      long begun = 0;
      for (int chunk = 0; chunk <= FIRST_CHUNKS || video.frames() < frames; chunk++) {
        if (chunk == FIRST_CHUNKS) {
          latest.join();
          before = video.frames();
          begun = System.nanoTime();
        }
        latest = video.begin();
        sample();
      }
      latest.join();
      return (video.frames() - before) / ((System.nanoTime() - begun) / 1e9);
    }

    private void sample() {
      while (resident.size() < Math.floor(video.seconds())) {
        resident.add(NativeMemory.residentBytes() / GIB);
        NativeMemory.reservedBytes(device).ifPresent(bytes -> onDevice.add(bytes / GIB));
      }
    }
  }
}
