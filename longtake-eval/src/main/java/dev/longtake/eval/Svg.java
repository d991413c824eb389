package dev.longtake.eval;

import dev.longtake.eval.LinePlot.Point;
import java.util.List;
import java.util.Locale;

/** An SVG text under construction: it needs no fonts, no AWT, and a diff shows what changed. */
final class Svg {
  /** Told apart by most eyes (Okabe and Ito, "Color universal design", 2008). */
  static final List<String> COLOURS =
      List.of("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9");

  static final String GREY = "#888888";

  private final StringBuilder svg = new StringBuilder();

  /** A white picture, in pixels. */
  Svg(int width, int height) {
    svg.append(
        String.format(
            Locale.ROOT,
            """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" \
        font-family="sans-serif" font-size="12" fill="#222222">
        <rect width="%d" height="%d" fill="#ffffff"/>
        """,
            width,
            height,
            width,
            height,
            width,
            height));
  }

  /** A line of a grid. */
  void rule(double x1, double y1, double x2, double y2) {
    line(x1, y1, x2, y2, "stroke=\"#dddddd\"");
  }

  void line(double x1, double y1, double x2, double y2, String style) {
    svg.append(
        String.format(
            Locale.ROOT,
            "<line x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\" %s/>\n",
            number(x1),
            number(y1),
            number(x2),
            number(y2),
            style));
  }

  void polyline(List<Point> pixels, String style) {
    var path = new StringBuilder();
    for (var pixel : pixels) {
      path.append(path.isEmpty() ? "" : " ")
          .append(number(pixel.x()))
          .append(',')
          .append(number(pixel.y()));
    }
    svg.append(String.format(Locale.ROOT, "<polyline points=\"%s\" %s/>\n", path, style));
  }

  /** A filled circle. */
  void dot(Point pixel, double radius, String style) {
    svg.append(
        String.format(
            Locale.ROOT,
            "<circle cx=\"%s\" cy=\"%s\" r=\"%s\" %s/>\n",
            number(pixel.x()),
            number(pixel.y()),
            number(radius),
            style));
  }

  void text(double x, double y, String anchor, String more, String text) {
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

  /** The finished picture. */
  String end() {
    return svg + "</svg>\n";
  }

  /** At most one digit after the point; the same on every machine. */
  static String number(double value) {
    var text = String.format(Locale.ROOT, "%.1f", value);
    return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
  }
}
