package dev.longtake.recipes;

import dev.longtake.eval.Machine;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** {@link DistillTimes} for people. */
public final class DistillReport {
  private static final double PERCENT = 100;

  private DistillReport() {}

  /** Both turns part by part, then memory. */
  public static String text(DistillTimes times) {
    var lines = new ArrayList<String>();
    lines.add(
        line(
            "%s, random weights, %s, %s, context %s, activations %s, exit gradient %s",
            times.network(),
            times.device(),
            times.dtype(),
            times.context(),
            times.activations(),
            times.exitGradient()));
    var gpu = times.machine().gpu();
    lines.add(line("%s", gpu.equals(Machine.NONE) ? times.machine().cpu() : gpu));
    var headline = times.headline();
    turn(lines, "generator", times.generator(), headline.generatorStepMs());
    turn(lines, "critic", times.critic(), headline.criticStepMs());
    lines.add("");
    lines.add(line("%-36s%12s", "memory", "GiB"));
    for (var standing : times.standing()) {
      lines.add(line("%-36s%12.2f", standing.what(), standing.gib()));
    }
    lines.add(line("%-36s%12.2f", "together", headline.standingGib()));
    lines.add(line("%-36s%12.2f", "most in the generator's turn", headline.generatorPeakGib()));
    lines.add(line("%-36s%12.2f", "most in the critic's turn", headline.criticPeakGib()));
    return String.join("\n", lines) + "\n";
  }

  private static void turn(
      List<String> lines, String who, List<DistillTimes.Part> parts, double milliseconds) {
    lines.add("");
    lines.add(line("%-36s%12s%12s", who, "ms", "share"));
    for (var part : parts) {
      lines.add(
          line("%-36s%12.1f%10.1f %%", part.part(), part.milliseconds(), PERCENT * part.share()));
    }
    lines.add(line("%-36s%12.1f", "together", milliseconds));
  }

  private static String line(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
