package dev.longtake.eval;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Lines over two axes as an SVG text: it needs no fonts, no AWT, and a diff shows what changed.
 *
 * @param title above the plot
 * @param horizontal what is to the right
 * @param vertical what is upwards
 * @param lines at least one point in all
 */
record LinePlot(String title, String horizontal, String vertical, List<Line> lines) {
  private static final int WIDTH = 820;
  private static final int HEIGHT = 440;
  private static final int LEFT = 62;
  private static final int RIGHT = 300; // beside the plot, for the names
  private static final int TOP = 44;
  private static final int BOTTOM = 56;
  private static final int TICKS = 8;

  /** Told apart by most eyes (Okabe and Ito, "Color universal design", 2008). */
  private static final List<String> COLOURS =
      List.of("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9");

  private static final String GREY = "#888888";

  /** A point in the units of the axes. */
  record Point(double x, double y) {}

  /**
   * One line.
   *
   * @param name shown beside the plot
   * @param reference whether it is drawn in grey dashes, to compare others with
   * @param points from left to right
   */
  record Line(String name, boolean reference, List<Point> points) {
    Line {
      points = List.copyOf(points);
    }
  }

  LinePlot {
    lines = List.copyOf(lines);
    if (lines.stream().allMatch(line -> line.points().isEmpty())) {
      throw new IllegalArgumentException("a plot without a point: " + title);
    }
  }

  /** An axis: what it spans, and the distance of its ticks. */
  private record Axis(double low, double high, double step) {
    static Axis over(double least, double most) {
      double span = Math.max(most - least, 1e-9);
      double magnitude = Math.pow(10, Math.floor(Math.log10(span / TICKS)));
      double step = magnitude;
      for (int factor : new int[] {1, 2, 5, 10}) {
        step = factor * magnitude;
        if (span / step <= TICKS) {
          break;
        }
      }
      return new Axis(
          step * Math.floor(least / step + 1e-9), step * Math.ceil(most / step - 1e-9), step);
    }

    List<Double> ticks() {
      var ticks = new ArrayList<Double>();
      for (int i = 0; low + i * step <= high + 1e-9 * step; i++) {
        ticks.add(low + i * step);
      }
      return ticks;
    }

    double share(double value) {
      return high == low ? 0.5 : (value - low) / (high - low);
    }
  }

  /** The picture. */
  String svg() {
    var points = lines.stream().flatMap(line -> line.points().stream()).toList();
    var xs = points.stream().mapToDouble(Point::x).summaryStatistics();
    var ys = points.stream().mapToDouble(Point::y).summaryStatistics();
    var x = Axis.over(xs.getMin(), xs.getMax());
    var y = Axis.over(ys.getMin(), ys.getMax());
    var svg = new StringBuilder();
    svg.append(
        String.format(
            Locale.ROOT,
            """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" \
        font-family="sans-serif" font-size="12" fill="#222222">
        <rect width="%d" height="%d" fill="#ffffff"/>
        """,
            WIDTH,
            HEIGHT,
            WIDTH,
            HEIGHT,
            WIDTH,
            HEIGHT));
    text(svg, LEFT, 24, "start", "font-size=\"15\"", title);
    text(svg, (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 14, "middle", "", horizontal);
    double middle = (TOP + HEIGHT - BOTTOM) / 2.0;
    text(
        svg, 16, middle, "middle", "transform=\"rotate(-90 16 " + number(middle) + ")\"", vertical);
    for (double tick : x.ticks()) {
      double at = across(x, tick);
      rule(svg, at, TOP, at, HEIGHT - BOTTOM);
      text(svg, at, HEIGHT - BOTTOM + 18, "middle", "", number(tick));
    }
    for (double tick : y.ticks()) {
      double at = up(y, tick);
      rule(svg, LEFT, at, WIDTH - RIGHT, at);
      text(svg, LEFT - 8, at + 4, "end", "", number(tick));
    }
    int colour = 0;
    for (int i = 0; i < lines.size(); i++) {
      var line = lines.get(i);
      var stroke = line.reference() ? GREY : COLOURS.get(colour++ % COLOURS.size());
      draw(svg, line, stroke, i, x, y);
    }
    return svg.append("</svg>\n").toString();
  }

  private void draw(StringBuilder svg, Line line, String stroke, int number, Axis x, Axis y) {
    // References are told apart by the length of their dashes.
    var dash =
        line.reference()
            ? String.format(Locale.ROOT, " stroke-dasharray=\"%d 4\"", 2 + 3 * (number % 4))
            : "";
    var style =
        String.format(
            Locale.ROOT, "fill=\"none\" stroke=\"%s\" stroke-width=\"2\"%s", stroke, dash);
    var path = new StringBuilder();
    for (var point : line.points()) {
      path.append(path.isEmpty() ? "" : " ")
          .append(number(across(x, point.x())))
          .append(',')
          .append(number(up(y, point.y())));
    }
    svg.append(String.format(Locale.ROOT, "<polyline points=\"%s\" %s/>\n", path, style));
    double row = TOP + 10 + 22.0 * number;
    double from = WIDTH - RIGHT + 16.0;
    svg.append(
        String.format(
            Locale.ROOT,
            "<line x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\" %s/>\n",
            number(from),
            number(row),
            number(from + 24),
            number(row),
            style));
    text(svg, from + 32, row + 4, "start", "", line.name());
  }

  private static double across(Axis x, double value) {
    return LEFT + x.share(value) * (WIDTH - RIGHT - LEFT);
  }

  private static double up(Axis y, double value) {
    return HEIGHT - BOTTOM - y.share(value) * (HEIGHT - BOTTOM - TOP);
  }

  private static void rule(StringBuilder svg, double x1, double y1, double x2, double y2) {
    svg.append(
        String.format(
            Locale.ROOT,
            "<line x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\" stroke=\"#dddddd\"/>\n",
            number(x1),
            number(y1),
            number(x2),
            number(y2)));
  }

  private static void text(
      StringBuilder svg, double x, double y, String anchor, String more, String text) {
    var escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    svg.append(
        String.format(
            Locale.ROOT,
            "<text x=\"%s\" y=\"%s\" text-anchor=\"%s\"%s>%s</text>\n",
            number(x),
            number(y),
            anchor,
            more.isEmpty() ? "" : " " + more,
            escaped));
  }

  /** At most one digit after the point; the same on every machine. */
  private static String number(double value) {
    var text = String.format(Locale.ROOT, "%.1f", value);
    return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
  }
}
