package dev.longtake.eval;

import dev.longtake.eval.LinePlot.Line;
import dev.longtake.eval.LinePlot.Point;
import dev.longtake.eval.Revisit.Kind;
import dev.longtake.eval.Revisit.Newest;
import dev.longtake.eval.Revisit.Row;
import dev.longtake.eval.Revisit.Views;
import dev.longtake.media.Png;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * {@link Revisit} for people: {@value #PAGE} with tables, plots and pictures, beside the numbers in
 * {@value #JSON}.
 */
public final class MemoryReport {
  /** The page. */
  public static final String PAGE = "memory-revisit.md";

  /** The numbers. */
  public static final String JSON = "memory-revisit.json";

  private static final String BY_LAG = "memory-revisit-lag.svg";
  private static final String BY_SECONDS = "memory-revisit-time.svg";
  private static final String NEWEST = "memory-revisit-newest.svg";

  /** One world for each usual time of a turn. */
  static final int WORLDS_SHOWN = 4;

  private MemoryReport() {}

  /**
   * Writes page, numbers, plots and pictures into a folder, which is made.
   *
   * @throws EvaluationException if a file cannot be written
   */
  public static void write(Path folder, Revisit result, List<RevisitPictures> pictures) {
    ResultFile.write(folder.resolve(JSON), result);
    write(folder, BY_LAG, "Pictures of views that come back", "lag, s", result, Row::byLag);
    write(
        folder,
        BY_SECONDS,
        "All generated pictures",
        "s since generation began",
        result,
        Row::bySeconds);
    if (result.settings().moments() > 0) {
      ResultFile.writeText(folder.resolve(NEWEST), newestPlot(result).svg());
    }
    var shown = pictures.subList(0, Math.min(WORLDS_SHOWN, pictures.size()));
    shown.forEach(world -> Png.write(folder.resolve(png(world)), PictureGrid.of(world)));
    ResultFile.writeText(folder.resolve(PAGE), page(result, shown));
  }

  private static void write(
      Path folder,
      String name,
      String title,
      String horizontal,
      Revisit result,
      Function<Row, List<Views>> bins) {
    var lines = new ArrayList<Line>();
    for (var row : result.rows()) {
      var points =
          bins.apply(row).stream()
              .map(bin -> new Point((bin.from() + bin.to()) / 2, bin.aligned()))
              .toList();
      lines.add(new Line(row.name(), row.kind() != Kind.MEMORY, points));
    }
    var plot = new LinePlot(title, horizontal, "PSNR at the best yaw, dB", lines);
    ResultFile.writeText(folder.resolve(name), plot.svg());
  }

  private static LinePlot newestPlot(Revisit result) {
    var lines = new ArrayList<Line>();
    for (var row : result.rows()) {
      var points =
          row.newestByLag().stream()
              .map(bin -> new Point((bin.from() + bin.to()) / 2, bin.psnr()))
              .toList();
      lines.add(new Line(row.name(), row.kind() != Kind.MEMORY, points));
    }
    return new LinePlot("One chunk after a true past: newest columns", "lag, s", "PSNR, dB", lines);
  }

  private static String png(RevisitPictures pictures) {
    return "memory-revisit-world-" + pictures.world() + ".png";
  }

  static String page(Revisit result, List<RevisitPictures> pictures) {
    var page = new StringBuilder();
    var subject = result.subject();
    page.append(
        String.format(
            Locale.ROOT,
            """
        # Does it remember?

        Model %s (%s million numbers in all, %s), %d held-out worlds. The camera pans steadily \
        through a room. The model is given the true first turn and two seconds more, and then \
        generates %s of the second turn; every view that comes is one that it was shown. Each \
        picture is compared with the only right one, in dB of PSNR: *raw* at the yaw where the \
        camera should be, *aligned* at the yaw within 60° that fits best, which forgives a wrong \
        speed. The lag of a view is the time for which it was out of sight. Scores by lag count \
        only pictures of which nothing was in view when generation began.

        A row's place between floor and ceiling is what counts: two unrelated rooms agree to some \
        dB, and the autoencoder alone costs some.

        """,
            subject.model(),
            plain(subject.parameters() / 1e6),
            subject.sampler(),
            result.settings().worlds(),
            fraction(result.settings().share())));
    table(page, result);
    page.append("![PSNR by lag](" + BY_LAG + ")\n\n![PSNR by time](" + BY_SECONDS + ")\n\n");
    if (result.settings().moments() > 0) {
      newest(page, result);
    }
    worlds(page, result);
    pictures(page, result, pictures);
    page.append(
        String.format(
            Locale.ROOT,
            """
        ## Method

        %s Each world has its own pan: times of a turn %s s by turns, both directions. All \
        numbers, world by world, are in [%s](%s). Device %s, %s.
        """,
            result.method(),
            result.settings().turnSeconds().stream()
                .map(MemoryReport::plain)
                .collect(Collectors.joining(", ")),
            JSON,
            JSON,
            subject.device(),
            subject.dtype()));
    return page.toString();
  }

  /** One row for each memory, ceiling and floor; one column for each bin of lags. */
  private static void table(StringBuilder page, Revisit result) {
    page.append("## Views that come back\n\nAligned PSNR by lag, then means over all lags.\n\n");
    var lags = lags(result, row -> row.byLag().stream().map(Views::from).toList());
    page.append("| |");
    lags.forEach(
        lag -> page.append(String.format(Locale.ROOT, " %s–%s s |", plain(lag), plain(lag + 4))));
    page.append(" aligned | raw | yaw error | yaw lead |\n|---|" + "---:|".repeat(lags.size() + 4));
    page.append('\n');
    for (var row : result.rows()) {
      page.append("| ").append(label(row)).append(" |");
      for (double lag : lags) {
        page.append(
            cell(
                row.byLag().stream()
                    .filter(bin -> bin.from() == lag)
                    .map(Views::aligned)
                    .toList()));
      }
      var all = row.returned();
      page.append(
          String.format(
              Locale.ROOT,
              " %.1f | %.1f | %.1f° | %.1f° |\n",
              all.aligned(),
              all.raw(),
              all.yawError(),
              all.yawLead()));
    }
    page.append('\n');
  }

  private static void newest(StringBuilder page, Revisit result) {
    page.append(
        String.format(
            Locale.ROOT,
            """
        ## One chunk after a true past

        At %d moments of the second turn one chunk is generated after a wholly true past; only the \
        columns count that the last true picture did not show. Errors cannot add up here.

        """,
            result.settings().moments()));
    var lags = lags(result, row -> row.newestByLag().stream().map(Newest::from).toList());
    page.append("| |");
    lags.forEach(
        lag -> page.append(String.format(Locale.ROOT, " %s–%s s |", plain(lag), plain(lag + 4))));
    page.append(" mean |\n|---|" + "---:|".repeat(lags.size() + 1)).append('\n');
    for (var row : result.rows()) {
      page.append("| ").append(label(row)).append(" |");
      for (double lag : lags) {
        page.append(
            cell(
                row.newestByLag().stream()
                    .filter(bin -> bin.from() == lag)
                    .map(Newest::psnr)
                    .toList()));
      }
      page.append(cell(List.of(row.newest().psnr()))).append('\n');
    }
    page.append("\n![PSNR of the newest columns](" + NEWEST + ")\n\n");
  }

  private static void worlds(StringBuilder page, Revisit result) {
    page.append("## World by world\n\nAligned PSNR of views that come back.\n\n| world | turn |");
    result.rows().forEach(row -> page.append(' ').append(label(row)).append(" |"));
    page.append("\n|---|---:|" + "---:|".repeat(result.rows().size())).append('\n');
    for (int i = 0; i < result.worlds().size(); i++) {
      var world = result.worlds().get(i);
      page.append(
          String.format(
              Locale.ROOT, "| %d: %s | %s s |", i, world.caption(), plain(world.turnSeconds())));
      world.rows().forEach(row -> page.append(cell(List.of(row.returned().aligned()))));
      page.append('\n');
    }
    page.append('\n');
  }

  private static void pictures(StringBuilder page, Revisit result, List<RevisitPictures> pictures) {
    page.append("## Pictures\n\nSeconds since generation began are above the columns. Rows:\n\n");
    int number = 1;
    for (var row : pictures.getFirst().rows()) {
      page.append(number++).append(". ").append(row.name()).append('\n');
    }
    page.append('\n');
    for (var world : pictures) {
      page.append(
          String.format(
              Locale.ROOT,
              "World %d: %s.\n\n![](%s)\n\n",
              world.world(),
              result.worlds().get(world.world()).caption(),
              png(world)));
    }
  }

  private static TreeSet<Double> lags(Revisit result, Function<Row, List<Double>> of) {
    var lags = new TreeSet<Double>();
    result.rows().forEach(row -> lags.addAll(of.apply(row)));
    return lags;
  }

  private static String label(Row row) {
    return switch (row.kind()) {
      case MEMORY -> "`" + row.name() + "`";
      case CEILING -> "*ceiling: " + row.name() + "*";
      case FLOOR -> "*floor: " + row.name() + "*";
    };
  }

  /** The one value there is, or none. */
  private static String cell(List<Double> value) {
    return value.isEmpty() ? " |" : String.format(Locale.ROOT, " %.1f |", value.getFirst());
  }

  private static String fraction(double share) {
    return share == 0.75 ? "three quarters" : plain(100 * share) + " %";
  }

  private static String plain(double number) {
    var text = String.format(Locale.ROOT, "%.1f", number);
    return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
  }
}
