package dev.longtake.optim;

/**
 * A learning rate that rises linearly, then falls along a half cosine.
 *
 * @param peak the highest rate, above 0
 * @param warmup steps of rising, at least 0
 * @param steps when the fall ends, at least 1
 * @param floor fraction of the peak at the end, 0 to 1
 */
public record RateSchedule(double peak, long warmup, long steps, double floor) {

  /** Checks the ranges. */
  public RateSchedule {
    if (!(peak > 0) || warmup < 0 || steps < 1 || !(floor >= 0 && floor <= 1)) {
      throw new IllegalArgumentException(
          "a rate needs a peak above 0, warmup of at least 0, steps of at least 1 and a floor in"
              + " [0, 1], not "
              + peak
              + ", "
              + warmup
              + ", "
              + steps
              + ", "
              + floor);
    }
  }

  /** The rate of a step, counted from 0. */
  public double at(long step) {
    if (step < warmup) {
      return peak * (step + 1) / warmup;
    }
    double way = Math.min(1, (double) (step - warmup) / Math.max(1, steps - warmup));
    return peak * (floor + (1 - floor) * (1 + Math.cos(Math.PI * way)) / 2);
  }
}
