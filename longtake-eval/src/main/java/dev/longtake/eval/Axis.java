package dev.longtake.eval;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;

/**
 * An axis of a plot.
 *
 * @param low where it begins
 * @param high where it ends
 * @param ticks at least one, ascending, from {@code low} to {@code high}
 * @param logarithmic whether equal ratios are equally wide
 */
record Axis(double low, double high, List<Double> ticks, boolean logarithmic) {
  Axis {
    ticks = List.copyOf(ticks);
  }

  /**
   * From one multiple of 1, 2, 5 or 10 times a power of ten to another, with ticks at all between.
   *
   * @param intervals between ticks; rounding outwards may add two
   */
  static Axis linear(double least, double most, int intervals) {
    double span = Math.max(most - least, 1e-9);
    double magnitude = Math.pow(10, Math.floor(Math.log10(span / intervals)));
    double step = magnitude;
    for (int factor : new int[] {1, 2, 5, 10}) {
      step = factor * magnitude;
      if (span / step <= intervals) {
        break;
      }
    }
    double low = step * Math.floor(least / step + 1e-9);
    double high = step * Math.ceil(most / step - 1e-9);
    var ticks = new ArrayList<Double>();
    for (int i = 0; low + i * step <= high + 1e-9 * step; i++) {
      ticks.add(low + i * step);
    }
    return new Axis(low, high, ticks, false);
  }

  /** As this, to an end before it. */
  Axis until(double end) {
    return new Axis(low, end, ticks.stream().filter(tick -> tick <= end).toList(), logarithmic);
  }

  /**
   * From one of 1, 2 and 5 times a power of ten to another, with ticks at all between, or at powers
   * alone where those are too many.
   *
   * @param least above 0
   * @param intervals between ticks, at most
   */
  static Axis logarithmic(double least, double most, int intervals) {
    var fine = between(least, most);
    double low = fine.getFirst();
    double high = fine.getLast();
    if (fine.size() <= intervals + 1) {
      return new Axis(low, high, fine, true);
    }
    var powers = fine.stream().filter(Axis::isPowerOfTen).toList();
    int each = (powers.size() - 2) / intervals + 1;
    var ticks = new ArrayList<Double>();
    for (int i = 0; i < powers.size(); i += each) {
      ticks.add(powers.get(i));
    }
    return new Axis(low, high, ticks, true);
  }

  /** The fewest that enclose both. */
  private static List<Double> between(double least, double most) {
    var ticks = new ArrayList<Double>();
    int last = (int) Math.floor(Math.log10(most)) + 1;
    for (int power = (int) Math.floor(Math.log10(least)); power <= last; power++) {
      for (int factor : new int[] {1, 2, 5}) {
        double tick = Double.parseDouble(factor + "e" + power); // 0.2, not 2 * 0.1
        if (tick <= least) {
          ticks.clear();
        }
        if (ticks.isEmpty() || ticks.getLast() < most) {
          ticks.add(tick);
        }
      }
    }
    return ticks;
  }

  private static boolean isPowerOfTen(double tick) {
    return BigDecimal.valueOf(tick).stripTrailingZeros().unscaledValue().intValueExact() == 1;
  }

  /** Where a value is, from 0 at the low end to 1 at the high one. */
  double share(double value) {
    return high == low ? 0.5 : (scale(value) - scale(low)) / (scale(high) - scale(low));
  }

  private double scale(double value) {
    return logarithmic ? Math.log(value) : value;
  }

  /** A tick as people write it, with as many digits as it has. */
  static String label(double tick) {
    var rounded = new BigDecimal(tick).round(new MathContext(6)).stripTrailingZeros();
    int power = rounded.precision() - rounded.scale() - 1;
    return rounded.signum() == 0 || power >= -4 && power < 7
        ? rounded.toPlainString()
        : rounded.scaleByPowerOfTen(-power).toPlainString() + "e" + power;
  }
}
