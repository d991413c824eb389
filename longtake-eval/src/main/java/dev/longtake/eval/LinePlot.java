package dev.longtake.eval;

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

  /** The picture. */
  String svg() {
    var points = lines.stream().flatMap(line -> line.points().stream()).toList();
    var xs = points.stream().mapToDouble(Point::x).summaryStatistics();
    var ys = points.stream().mapToDouble(Point::y).summaryStatistics();
    var x = Axis.linear(xs.getMin(), xs.getMax(), TICKS);
    var y = Axis.linear(ys.getMin(), ys.getMax(), TICKS);
    var svg = new Svg(WIDTH, HEIGHT);
    svg.text(LEFT, 24, "start", "font-size=\"15\"", title);
    svg.text((LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 14, "middle", "", horizontal);
    double middle = (TOP + HEIGHT - BOTTOM) / 2.0;
    svg.text(
        16, middle, "middle", "transform=\"rotate(-90 16 " + Svg.number(middle) + ")\"", vertical);
    for (double tick : x.ticks()) {
      double at = across(x, tick);
      svg.rule(at, TOP, at, HEIGHT - BOTTOM);
      svg.text(at, HEIGHT - BOTTOM + 18, "middle", "", Svg.number(tick));
    }
    for (double tick : y.ticks()) {
      double at = up(y, tick);
      svg.rule(LEFT, at, WIDTH - RIGHT, at);
      svg.text(LEFT - 8, at + 4, "end", "", Svg.number(tick));
    }
    int colour = 0;
    for (int i = 0; i < lines.size(); i++) {
      var line = lines.get(i);
      var stroke = line.reference() ? Svg.GREY : Svg.COLOURS.get(colour++ % Svg.COLOURS.size());
      draw(svg, line, stroke, i, x, y);
    }
    return svg.end();
  }

  private void draw(Svg svg, Line line, String stroke, int number, Axis x, Axis y) {
    // References are told apart by the length of their dashes.
    var dash =
        line.reference()
            ? String.format(Locale.ROOT, " stroke-dasharray=\"%d 4\"", 2 + 3 * (number % 4))
            : "";
    var style =
        String.format(
            Locale.ROOT, "fill=\"none\" stroke=\"%s\" stroke-width=\"2\"%s", stroke, dash);
    var pixels =
        line.points().stream().map(at -> new Point(across(x, at.x()), up(y, at.y()))).toList();
    svg.polyline(pixels, style);
    double row = TOP + 10 + 22.0 * number;
    double from = WIDTH - RIGHT + 16.0;
    svg.line(from, row, from + 24, row, style);
    svg.text(from + 32, row + 4, "start", "", line.name());
  }

  private static double across(Axis x, double value) {
    return LEFT + x.share(value) * (WIDTH - RIGHT - LEFT);
  }

  private static double up(Axis y, double value) {
    return HEIGHT - BOTTOM - y.share(value) * (HEIGHT - BOTTOM - TOP);
  }
}
