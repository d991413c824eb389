package dev.longtake.eval;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;

/**
 * How a loss, or the norm of a gradient, went.
 *
 * @param tag under which it was logged
 * @param first mean of the first tenth of the values, at least of three
 * @param last mean of the last tenth of the values, at least of three
 * @param steps from 0, ascending
 * @param values at those steps, finite; each may be a mean over batches
 */
public record LossCurve(
    String tag, double first, double last, List<Long> steps, List<Float> values) {

  /** Copies the lists. */
  public LossCurve {
    steps = List.copyOf(steps);
    values = List.copyOf(values);
    if (steps.isEmpty() || steps.size() != values.size()) {
      throw new IllegalArgumentException(
          tag + " has " + values.size() + " values at " + steps.size() + " steps; give one each");
    }
  }

  /** With the means of both ends, see the components. */
  public static LossCurve of(String tag, List<Long> steps, List<Float> values) {
    int some = Math.min(values.size(), averaged(values.size()));
    return new LossCurve(
        tag,
        mean(values.subList(0, some)),
        mean(values.subList(values.size() - some, values.size())),
        steps,
        values);
  }

  /** How many of so many values an average is of: an odd number, so that it has a middle. */
  private static int averaged(int count) {
    return Math.max(3, count / 10 | 1);
  }

  /** Around each value the mean of as many, of fewer near the ends. */
  List<Double> movingAverage() {
    int count = values.size();
    int side = averaged(count) / 2;
    var means = new ArrayList<Double>();
    var sum = BigDecimal.ZERO; // exact, so that nothing of a large value stays once it has left
    for (int i = -side; i < count; i++) {
      if (i + side < count) {
        sum = sum.add(new BigDecimal(values.get(i + side)));
      }
      if (i - side > 0) {
        sum = sum.subtract(new BigDecimal(values.get(i - side - 1)));
      }
      if (i >= 0) {
        int some = Math.min(count, i + side + 1) - Math.max(0, i - side);
        means.add(sum.doubleValue() / some);
      }
    }
    return means;
  }

  /** Whether it is the length of a gradient, no loss. */
  public boolean measuresGradient() {
    return tag.endsWith("norm");
  }

  private static double mean(List<Float> values) {
    return values.stream().mapToDouble(Float::doubleValue).average().orElse(Double.NaN);
  }
}
