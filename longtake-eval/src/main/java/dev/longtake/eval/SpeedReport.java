package dev.longtake.eval;

import dev.longtake.rollout.Overlap;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** {@link GenerationSpeed} for people and for spreadsheets; as JSON, {@link ResultFile} has it. */
public final class SpeedReport {
  private SpeedReport() {}

  /** A few lines that can be read without knowing the program, machine first. */
  public static String text(GenerationSpeed speed) {
    var subject = speed.subject();
    var machine = speed.machine();
    var settings = speed.settings();
    var sum = speed.summary();
    var lines = new ArrayList<String>();
    lines.add(
        line(
            "%s, %.1f M weights, %d x %d, %s, %s",
            subject.model(),
            subject.parameters() / 1e6,
            subject.width(),
            subject.height(),
            subject.sampler(),
            settings.memory() + ", " + subject.recall()));
    lines.add(
        line(
            "%s, %s, %s arithmetic, text encoder %s, %d threads, %s, Java %s",
            subject.device(),
            subject.dtype(),
            subject.arithmetic(),
            subject.textEncoder(),
            subject.threads(),
            subject.natives(),
            subject.java()));
    lines.add(line("%s, %d cores, %s", machine.cpu(), machine.cores(), machine.os()));
    if (!machine.gpu().equals(Machine.NONE)) {
      lines.add(
          line(
              "%s, driver %s, CUDA %s, cuDNN %s",
              machine.gpu(), machine.driver(), machine.cuda(), machine.cudnn()));
    }
    lines.add(
        line(
            "%d run%s of %s s after %d chunks to warm up, overlap %s, replay %s",
            settings.runs(),
            settings.runs() == 1 ? "" : "s",
            plain(settings.seconds()),
            settings.warmup(),
            settings.overlap().word(),
            settings.replay().word()));
    lines.add("");
    lines.add(row("loop", "%.2f frames/s", sum.loopFramesPerSecond()));
    lines.add(row("end to end", "%.2f frames/s", sum.endToEndFramesPerSecond()));
    lines.add(row("first frame", "%.3f s", sum.firstFrameSeconds()));
    lines.add(row("chunk, median", "%.3f s", sum.medianChunkSeconds()));
    lines.add(row("chunk, 99th percentile", "%.3f s", sum.slowChunkSeconds()));
    lines.add(row("peak resident memory", "%.0f MB", sum.peakResidentMegabytes()));
    lines.add(row("peak GPU memory", "%.0f MB", sum.peakDeviceMegabytes()));
    lines.add("");
    sum.shares().byName().forEach((name, share) -> lines.add(share(name, share)));
    if (settings.overlap() == Overlap.ON) {
      double hidden = speed.runs().stream().mapToDouble(SpeedRun::hiddenDecodeSeconds).sum();
      double whole = speed.runs().stream().mapToDouble(SpeedRun::seconds).sum();
      lines.add(share("decode, beside these", hidden / whole));
    }
    return String.join("\n", lines) + "\n";
  }

  /** A header and a line for each run, as RFC 4180 has it but with plain line ends. */
  public static String csv(GenerationSpeed speed) {
    var out = new ArrayList<String>();
    for (int run = 0; run < speed.runs().size(); run++) {
      var columns = columns(speed, run);
      if (run == 0) {
        out.add(String.join(",", columns.keySet()));
      }
      out.add(columns.values().stream().map(SpeedReport::quoted).collect(Collectors.joining(",")));
    }
    return String.join("\n", out) + "\n";
  }

  private static Map<String, Object> columns(GenerationSpeed speed, int index) {
    var subject = speed.subject();
    var machine = speed.machine();
    var run = speed.runs().get(index);
    var alone =
        SpeedSummary.of(
            List.of(run),
            speed.summary().peakResidentMegabytes(),
            speed.summary().peakDeviceMegabytes());
    var out = new LinkedHashMap<String, Object>();
    out.put("model", subject.model());
    out.put("parameters", subject.parameters());
    out.put("width", subject.width());
    out.put("height", subject.height());
    out.put("sampler", subject.sampler());
    out.put("memory", speed.settings().memory());
    out.put("recall", subject.recall());
    out.put("device", subject.device());
    out.put("dtype", subject.dtype());
    out.put("arithmetic", subject.arithmetic());
    out.put("text_encoder", subject.textEncoder());
    out.put("threads", subject.threads());
    out.put("natives", subject.natives());
    out.put("java", subject.java());
    out.put("os", machine.os());
    out.put("cpu", machine.cpu());
    out.put("cores", machine.cores());
    out.put("gpu", machine.gpu());
    out.put("driver", machine.driver());
    out.put("cuda", machine.cuda());
    out.put("cudnn", machine.cudnn());
    out.put("overlap", speed.settings().overlap().word());
    out.put("replay", speed.settings().replay().word());
    out.put("seed", speed.settings().seed() + index);
    out.put("frames", run.frames());
    out.put("loop_frames_per_second", alone.loopFramesPerSecond());
    out.put("end_to_end_frames_per_second", alone.endToEndFramesPerSecond());
    out.put("first_frame_seconds", alone.firstFrameSeconds());
    out.put("median_chunk_seconds", alone.medianChunkSeconds());
    out.put("slow_chunk_seconds", alone.slowChunkSeconds());
    out.put("peak_resident_megabytes", alone.peakResidentMegabytes());
    out.put("peak_device_megabytes", alone.peakDeviceMegabytes());
    out.put("hidden_decode_seconds", run.hiddenDecodeSeconds());
    run.parts().byName().forEach((name, seconds) -> out.put(name + "_seconds", seconds));
    return out;
  }

  private static String quoted(Object value) {
    var text =
        value instanceof Double number
            ? String.format(Locale.ROOT, "%.6f", number)
            : value.toString();
    return text.matches("[^,\"\\r\\n]*") ? text : '"' + text.replace("\"", "\"\"") + '"';
  }

  /** A number that could not be taken is 0, and shown as a dash. */
  private static String row(String name, String format, double value) {
    return line("%-24s%s", name, value == 0 ? "-" : line(format, value));
  }

  private static String share(String name, double share) {
    return line("%-24s%5.1f %%", name, 100 * share);
  }

  private static String plain(double seconds) {
    return seconds == Math.rint(seconds) ? line("%.0f", seconds) : Double.toString(seconds);
  }

  private static String line(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
