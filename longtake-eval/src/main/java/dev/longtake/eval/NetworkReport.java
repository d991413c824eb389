package dev.longtake.eval;

import java.util.ArrayList;
import java.util.Locale;

/** {@link NetworkTimes} for people; as JSON, {@link ResultFile} has it. */
public final class NetworkReport {
  private static final double FRAMES = 12; // pictures of a chunk
  private static final int TEN_SECONDS = 10; // where a video's memory should be what it stays

  private NetworkReport() {}

  /** Tables of steps, chunks, decoding and videos, machine first. */
  public static String text(NetworkTimes times) {
    var machine = times.machine();
    var lines = new ArrayList<String>();
    lines.add(line("%s, random weights, %s, %s", times.network(), times.device(), times.dtype()));
    lines.add(line("%s, %d cores, %s", machine.cpu(), machine.cores(), machine.os()));
    if (!machine.gpu().equals(Machine.NONE)) {
      lines.add(
          line(
              "%s, driver %s, CUDA %s, cuDNN %s",
              machine.gpu(), machine.driver(), machine.cuda(), machine.cudnn()));
    }
    if (!times.steps().isEmpty()) {
      lines.add("");
      lines.add(line("%-44s%12s%12s%12s", "step", "difference", "plain ms", "fused ms"));
      for (var row : times.steps()) {
        lines.add(
            line(
                "%-44s%12.2e%12.3f%12.3f",
                row.step(), row.difference(), row.plainMilliseconds(), row.fusedMilliseconds()));
      }
    }
    lines.add("");
    lines.add(line("%-44s%24s%12s", "product", "ms", "TFLOP/s"));
    for (var row : times.products()) {
      lines.add(line("%-44s%24.3f%12.4g", row.product(), row.milliseconds(), row.teraflops()));
    }
    lines.add("");
    lines.add(
        line(
            "%-44s%12s%12s%12s%10s%10s%10s%10s",
            "chunk of 3 latents, memory full",
            "difference",
            "replayed",
            "ms",
            "recall",
            "denoise",
            "clean",
            "remember"));
    for (var chunk : times.chunks()) {
      lines.add(
          line(
              "%-44s%12.2e%12.2e%12.1f%10.1f%10.1f%10.1f%10.1f",
              chunk.way(),
              chunk.flowDifference(),
              chunk.replayDifference(),
              chunk.milliseconds(),
              chunk.recallMilliseconds(),
              chunk.denoiseMilliseconds(),
              chunk.cleanMilliseconds(),
              chunk.rememberMilliseconds()));
    }
    lines.add("");
    lines.add(line("%-44s%36s", "decoding of 12 pictures", "ms"));
    for (var decoding : times.decoding()) {
      lines.add(line("%-44s%36.1f", decoding.way(), decoding.milliseconds()));
    }
    lines.add("");
    lines.add(line("%-44s%12s%12s", "convolution 3 x 3 x 3, 4 frames", "solid ms", "folded ms"));
    for (var conv : times.convolutions()) {
      lines.add(
          line(
              "%-44s%12.3f%12.3f",
              conv.channels() + " channels", conv.solidMilliseconds(), conv.foldedMilliseconds()));
    }
    lines.add("");
    lines.add(
        line("%-32s%12s%12s%12s%12s", "video", "frames/s", "at 10 s", "at the end", "peak GiB"));
    for (var video : times.videos()) {
      var held = video.deviceGib().isEmpty() ? video.residentGib() : video.deviceGib();
      lines.add(
          line(
              "%-32s%12.2f%12s%12s%12.2f",
              line("%.1f s, %s, %s", video.seconds(), video.decoder(), video.arithmetic()),
              video.framesPerSecond(),
              held.size() < TEN_SECONDS ? "-" : line("%.2f GiB", held.get(TEN_SECONDS - 1)),
              held.isEmpty() ? "-" : line("%.2f GiB", held.getLast()),
              video.peakGib()));
    }
    lines.add("");
    lines.add(line("%-44s%24s%12.2f", "fastest chunk and decoding", "frames/s", fastest(times)));
    return String.join("\n", lines) + "\n";
  }

  private static double fastest(NetworkTimes times) {
    double chunk =
        times.chunks().stream().mapToDouble(NetworkTimes.Chunk::milliseconds).min().orElseThrow();
    double decoding =
        times.decoding().stream()
            .mapToDouble(NetworkTimes.Decoding::milliseconds)
            .min()
            .orElseThrow();
    return FRAMES / ((chunk + decoding) / 1000);
  }

  private static String line(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
