package dev.longtake.eval;

import dev.longtake.eval.LinePlot.Point;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** {@link TrainingLosses} as an SVG text: a small plot for each stage and loss, three abreast. */
final class LossPlot {
  private static final int ABREAST = 3;
  private static final int CELL_WIDTH = 280;
  private static final int CELL_HEIGHT = 176;
  private static final int LEFT = 50; // of a cell, for the numbers
  private static final int RIGHT = 14;
  private static final int TOP = 24;
  private static final int BOTTOM = 26;
  private static final int LEGEND = 30;
  private static final int HEADING = 30;
  private static final int MARGIN = 8;
  private static final int ACROSS = CELL_WIDTH - LEFT - RIGHT;
  private static final int UP = CELL_HEIGHT - TOP - BOTTOM;

  /** A larger ratio of the largest to the smallest value is shown over a logarithmic axis. */
  private static final double WIDE = 10;

  /** Values that make a curve, at least. */
  private static final int LEAST_OF_CURVE = 3;

  private static final String RESUMED =
      "stroke=\"" + Svg.GREY + "\" stroke-width=\"1\" stroke-dasharray=\"3 3\"";

  private final Svg svg;

  private LossPlot(Svg svg) {
    this.svg = svg;
  }

  /** The picture. */
  static String svg(TrainingLosses losses) {
    int height = LEGEND + MARGIN;
    for (var stage : losses.stages()) {
      height += HEADING + rows(drawn(stage)) * CELL_HEIGHT;
    }
    var svg = new Svg(ABREAST * CELL_WIDTH, height);
    var plot = new LossPlot(svg);
    boolean resumed = losses.stages().stream().anyMatch(stage -> !stage.resumed().isEmpty());
    plot.legend(resumed);
    int top = LEGEND;
    for (var stage : losses.stages()) {
      svg.text(MARGIN, top + 20, "start", "font-size=\"14\" font-weight=\"bold\"", heading(stage));
      top += HEADING;
      var drawn = drawn(stage);
      for (int i = 0; i < drawn.size(); i++) {
        int left = i % ABREAST * CELL_WIDTH;
        plot.cell(left, top + i / ABREAST * CELL_HEIGHT, stage, drawn.get(i));
      }
      top += rows(drawn) * CELL_HEIGHT;
    }
    return svg.end();
  }

  private static int rows(List<LossCurve> drawn) {
    return (drawn.size() + ABREAST - 1) / ABREAST;
  }

  /** What was logged often enough to be a curve; everything in a stage that has no such thing. */
  private static List<LossCurve> drawn(TrainingLosses.Stage stage) {
    var curves =
        stage.losses().stream().filter(curve -> curve.values().size() >= LEAST_OF_CURVE).toList();
    return curves.isEmpty() ? stage.losses() : curves;
  }

  private static String heading(TrainingLosses.Stage stage) {
    return stage.run() + ": " + stage.stage();
  }

  private void legend(boolean resumed) {
    double middle = LEGEND / 2.0;
    double x = MARGIN;
    svg.line(x, middle, x + 24, middle, thin(Svg.COLOURS.getFirst()));
    svg.text(x + 30, middle + 4, "start", "", "as logged, by step");
    x += 160;
    svg.line(x, middle, x + 24, middle, strong(Svg.COLOURS.getFirst()));
    svg.text(x + 30, middle + 4, "start", "", "mean around each, of a tenth of all");
    x += 280;
    if (resumed) {
      svg.line(x, middle - 8, x, middle + 8, RESUMED);
      svg.text(x + 8, middle + 4, "start", "", "stopped and resumed");
    }
  }

  private void cell(int cellLeft, int cellTop, TrainingLosses.Stage stage, LossCurve curve) {
    var frame = Frame.of(cellLeft + LEFT, cellTop + TOP, stage, curve);
    var kind = frame.y.logarithmic() ? ", logarithmic" : "";
    svg.text(frame.left, frame.top - 8, "start", "", curve.tag() + kind);
    for (double tick : frame.x.ticks()) {
      double at = frame.across(tick);
      svg.rule(at, frame.top, at, frame.top + UP);
      svg.text(at, frame.top + UP + 14, "middle", "font-size=\"10\"", Axis.label(tick));
    }
    for (double tick : frame.y.ticks()) {
      double at = frame.up(tick);
      svg.rule(frame.left, at, frame.left + ACROSS, at);
      svg.text(frame.left - 6, at + 3.5, "end", "font-size=\"10\"", Axis.label(tick));
    }
    for (long step : stage.resumed()) {
      double at = frame.across(step + 0.5);
      svg.line(at, frame.top, at, frame.top + UP, RESUMED);
    }
    var colour = Svg.COLOURS.get(curve.measuresGradient() ? 1 : 0);
    var values = curve.values().stream().map(Float::doubleValue).toList();
    draw(frame.pixels(curve.steps(), values), thin(colour), 1.2, colour);
    draw(frame.pixels(curve.steps(), curve.movingAverage()), strong(colour), 2.2, colour);
  }

  /** A line; a dot, where there is but one point. */
  private void draw(List<Point> pixels, String style, double radius, String colour) {
    if (pixels.size() == 1) {
      svg.dot(pixels.getFirst(), radius, "fill=\"" + colour + "\"");
    } else {
      svg.polyline(thinned(pixels), style);
    }
  }

  /** At most the lowest and the highest of each pixel's points; more could not be seen. */
  private static List<Point> thinned(List<Point> pixels) {
    if (pixels.size() <= 2 * ACROSS) {
      return pixels;
    }
    var thinned = new ArrayList<Point>();
    for (int i = 0; i < pixels.size(); ) {
      var low = pixels.get(i);
      var high = low;
      long column = Math.round(low.x());
      for (; i < pixels.size() && Math.round(pixels.get(i).x()) == column; i++) {
        var point = pixels.get(i);
        low = point.y() < low.y() ? point : low;
        high = point.y() > high.y() ? point : high;
      }
      thinned.add(low.x() <= high.x() ? low : high);
      if (low != high) {
        thinned.add(low.x() <= high.x() ? high : low);
      }
    }
    return thinned;
  }

  private static String thin(String colour) {
    return line(colour, "1", "0.45");
  }

  private static String strong(String colour) {
    return line(colour, "2", "1");
  }

  private static String line(String colour, String width, String opacity) {
    return String.format(
        Locale.ROOT,
        "fill=\"none\" stroke=\"%s\" stroke-width=\"%s\" stroke-opacity=\"%s\""
            + " stroke-linejoin=\"round\"",
        colour,
        width,
        opacity);
  }

  /**
   * Where the values of one plot are.
   *
   * @param left in pixels
   * @param top in pixels
   */
  private record Frame(double left, double top, Axis x, Axis y) {
    static Frame of(double left, double top, TrainingLosses.Stage stage, LossCurve curve) {
      var values = curve.values().stream().mapToDouble(Float::doubleValue).summaryStatistics();
      double least = values.getMin();
      double most = values.getMax();
      double space = least == most ? Math.max(1e-3, Math.abs(least) / 10) : 0;
      var y =
          least > 0 && most > WIDE * least
              ? Axis.logarithmic(least, most, 6)
              : Axis.linear(least - space, most + space, 4);
      var x = Axis.linear(0, stage.steps(), (int) Math.min(4, stage.steps()));
      return new Frame(left, top, x.until(stage.steps()), y);
    }

    double across(double step) {
      return left + x.share(step) * ACROSS;
    }

    double up(double value) {
      return top + UP - y.share(value) * UP;
    }

    List<Point> pixels(List<Long> steps, List<Double> values) {
      var pixels = new ArrayList<Point>();
      for (int i = 0; i < steps.size(); i++) {
        pixels.add(new Point(across(steps.get(i)), up(values.get(i))));
      }
      return pixels;
    }
  }
}
