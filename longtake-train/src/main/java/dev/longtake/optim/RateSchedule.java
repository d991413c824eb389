package dev.longtake.optim;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Locale;

/**
 * A learning rate that rises linearly, then falls to a floor or stays.
 *
 * @param peak the highest rate, above 0 and finite
 * @param warmup steps of rising, at least 0
 * @param steps when the fall ends, at least 1
 * @param floor fraction of the peak at the end, 0 to 1; 1 for a constant rate
 * @param shape of the way from peak to floor
 */
public record RateSchedule(
    double peak, long warmup, long steps, double floor, @OrElse("cosine") Shape shape) {
  private static final int DIGITS = 3; // of a rate that is told

  /** How a rate falls. */
  public enum Shape {
    /** Along a half cosine. */
    COSINE,
    /** In a straight line. */
    LINEAR,
    /** Not at all. */
    CONSTANT
  }

  /** Checks the ranges. */
  public RateSchedule {
    if (!(peak > 0 && peak < Double.POSITIVE_INFINITY)
        || warmup < 0
        || steps < 1
        || !(floor >= 0 && floor <= 1)) {
      throw new IllegalArgumentException(
          "a rate needs a finite peak above 0, warmup of at least 0, steps of at least 1 and a floor in"
              + " [0, 1], not "
              + peak
              + ", "
              + warmup
              + ", "
              + steps
              + ", "
              + floor);
    }
    if (shape == Shape.CONSTANT && floor != 1) {
      throw new IllegalArgumentException(
          "a constant rate does not fall to a floor of " + floor + "; give floor 1");
    }
  }

  /** A rate that falls along a half cosine. */
  public RateSchedule(double peak, long warmup, long steps, double floor) {
    this(peak, warmup, steps, floor, Shape.COSINE);
  }

  /** The rate of a step, counted from 0. */
  public double at(long step) {
    if (step < warmup) {
      return peak * (step + 1) / warmup;
    }
    double way = Math.min(1, (double) (step - warmup) / Math.max(1, steps - warmup));
    double left =
        switch (shape) {
          case COSINE -> (1 + Math.cos(Math.PI * way)) / 2;
          case LINEAR -> 1 - way;
          case CONSTANT -> 1;
        };
    return peak * (floor + (1 - floor) * left);
  }

  @Override
  public String toString() {
    var rise = warmup == 0 ? "" : "rising over " + warmup + " steps, ";
    return shape == Shape.CONSTANT
        ? rise + "constant " + rounded(peak)
        : rise
            + rounded(peak)
            + " to "
            + rounded(peak * floor)
            + " at step "
            + steps
            + ", "
            + shape.name().toLowerCase(Locale.ROOT);
  }

  private static String rounded(double rate) {
    return new BigDecimal(rate, new MathContext(DIGITS)).stripTrailingZeros().toString();
  }
}
