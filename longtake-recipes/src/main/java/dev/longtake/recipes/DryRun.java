package dev.longtake.recipes;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.NativeMemory;
import dev.longtake.train.Progress;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Tries a run out: builds every stage, takes one step of each in a temporary folder, and tells what
 * was planned and what the step took. Leaves nothing.
 */
public final class DryRun {
  private DryRun() {}

  /**
   * Tries a run out.
   *
   * @param place where it would be carried out; its output folder is not touched
   * @param told hears the plan line by line: of each stage before its step is taken, so that it is
   *     known of a step that does not fit into memory
   */
  public static void of(Run run, Workplace place, Consumer<String> told) {
    in(Path.of(System.getProperty("java.io.tmpdir")), run, place, told);
  }

  /** As {@link #of}, with the temporary folder in a given one. */
  static void in(Path parent, Run run, Workplace place, Consumer<String> told) {
    var ear = new Ear(place.watcher(), place.first(), told);
    try (var folder = ScratchFolder.in(parent, "longtake-dry-run-")) {
      var once = new Ending(1, () -> false, place.ending().interrupted());
      run.tried()
          .carryOut(new Workplace(place.devices(), folder.path(), place.threads(), once, ear));
    }
  }

  /** Notes plans, and how much memory their first step takes. */
  private static final class Ear implements RunWatcher {
    private final RunWatcher other;
    private final Device device;
    private final Consumer<String> told;
    private long before;

    Ear(RunWatcher other, Device device, Consumer<String> told) {
      this.other = other;
      this.device = device;
      this.told = told;
    }

    @Override
    public void said(String text) {
      other.said(text);
    }

    @Override
    public void ended(String text) {} // that it stopped was the point, and nothing is left

    @Override
    public void planned(StagePlan plan) {
      var config = plan.config();
      told.accept(
          String.format(
              Locale.ROOT,
              "%s: %d steps, %s of %s a step, rate %s",
              plan.name(),
              config.steps(),
              count((long) config.accumulate() * plan.devices(), "batch", "batches"),
              plan.batch(),
              config.rate()));
      told.accept(
          String.format(
              Locale.ROOT,
              "  %,d numbers trained: weights %s, gradients %s, moments %s, moving average %s",
              plan.trained(),
              mebibytes(plan.weightBytes()),
              mebibytes(plan.gradientBytes()),
              mebibytes(plan.momentBytes()),
              mebibytes(plan.averageBytes())));
      if (plan.besideBytes() > 0) {
        told.accept(
            "  under adapters, weights that stay and their sums " + mebibytes(plan.besideBytes()));
      }
      begin();
    }

    @Override
    public void planned(String line) {
      told.accept(line);
      begin();
    }

    private void begin() {
      NativeMemory.resetPeak(device);
      before = peak().orElse(0);
    }

    @Override
    public Progress stage(String name) {
      return (step, steps, values) -> {
        var took =
            peak().isPresent()
                ? ", "
                    + mebibytes(peak().getAsLong() - before)
                    + " more while it ran, "
                    + mebibytes(peak().getAsLong())
                    + " in all"
                : "";
        told.accept(
            String.format(
                Locale.ROOT,
                "  one step of %s: %s%.0f ms%s",
                name,
                losses(values),
                values.getOrDefault("per iteration time", Double.NaN) * 1e3,
                took));
      };
    }

    private static String losses(Map<String, Double> values) {
      return values.entrySet().stream()
          .filter(value -> value.getKey().equals("loss") || value.getKey().endsWith("_loss"))
          .map(loss -> String.format(Locale.ROOT, "%s %.4g, ", loss.getKey(), loss.getValue()))
          .collect(Collectors.joining());
    }

    /** Of tensors on a GPU, or of the whole process. */
    private OptionalLong peak() {
      return device.kind() == Device.Kind.CPU
          ? NativeMemory.peakResidentBytes()
          : NativeMemory.peakBytes(device);
    }
  }

  private static String count(long number, String one, String several) {
    return number + " " + (number == 1 ? one : several);
  }

  private static String mebibytes(long bytes) {
    return String.format(Locale.ROOT, "%.1f MiB", bytes / 1048576.0);
  }
}
