package dev.longtake.eval;

import java.nio.file.Path;
import java.util.Locale;

/**
 * {@link TrainingLosses} for people: {@value #PAGE} with a table and {@value #PLOT}, beside the
 * numbers in {@value #JSON}.
 */
public final class LossReport {
  /** The page. */
  public static final String PAGE = "losses.md";

  /** The curves. */
  public static final String PLOT = "losses.svg";

  /** The numbers. */
  public static final String JSON = "losses.json";

  private LossReport() {}

  /**
   * Writes page, curves and numbers into a folder, which is made.
   *
   * @throws EvaluationException if a file cannot be written
   */
  public static void write(Path folder, TrainingLosses losses) {
    ResultFile.write(folder.resolve(JSON), losses);
    ResultFile.writeText(folder.resolve(PLOT), LossPlot.svg(losses));
    ResultFile.writeText(folder.resolve(PAGE), page(losses));
  }

  static String page(TrainingLosses losses) {
    var page = new StringBuilder("# Training losses\n\n");
    page.append("| run | stage | steps | time | ms/step | | first | last |\n");
    page.append("|---|---|---:|---:|---:|---|---:|---:|\n");
    for (var stage : losses.stages()) {
      var begin =
          String.format(
              Locale.ROOT,
              "| %s | %s | %d | %s | %.0f |",
              cell(stage.run()),
              cell(stage.stage()),
              stage.steps(),
              duration(stage.seconds()),
              stage.stepMilliseconds());
      if (stage.losses().isEmpty()) {
        page.append(begin).append(" | | |\n");
      }
      for (var curve : stage.losses()) {
        page.append(
            String.format(
                Locale.ROOT,
                "%s `%s` | %.3g | %.3g |\n",
                begin,
                cell(curve.tag()),
                curve.first(),
                curve.last()));
        begin = "| | | | | |";
      }
    }
    page.append(
        String.format(
            Locale.ROOT,
            """

        ![Losses and norms by step](%s)

        %s All values are in [%s](%s).
        """,
            PLOT,
            losses.method(),
            JSON,
            JSON));
    return page.toString();
  }

  /** A time in its two largest units. */
  public static String duration(double seconds) {
    long whole = Math.round(seconds);
    if (whole < 60) {
      return String.format(Locale.ROOT, "%.1f s", seconds);
    }
    return whole < 3600
        ? whole / 60 + " min " + whole % 60 + " s"
        : whole / 3600 + " h " + whole % 3600 / 60 + " min";
  }

  private static String cell(String text) {
    return text.replace("|", "\\|");
  }
}
