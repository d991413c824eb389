package dev.longtake.eval;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/**
 * Intervals of equal width, closed below and open above.
 *
 * @param first where one of them begins
 * @param width of each, above 0
 */
record Bins(double first, double width) {
  /** Of lags: four seconds each, [10, 14), [14, 18) and so on. */
  static final Bins LAG = new Bins(2, 4);

  /** Of time since generation began: a second each. */
  static final Bins SECONDS = new Bins(0, 1);

  Bins {
    if (!(width > 0)) {
      throw new IllegalArgumentException("bins need a width above 0, not " + width);
    }
  }

  /** Number of the interval that has a value. */
  long index(double value) {
    return (long) Math.floor((value - first) / width);
  }

  double from(long index) {
    return first + index * width;
  }

  /** What falls into one interval. */
  record Bin<T>(double from, double to, List<T> values) {}

  /** The intervals in order, those left out into which nothing falls. */
  <T> List<Bin<T>> sort(List<T> values, ToDoubleFunction<T> by) {
    var sorted = new TreeMap<Long, List<T>>();
    for (var value : values) {
      sorted.computeIfAbsent(index(by.applyAsDouble(value)), i -> new ArrayList<>()).add(value);
    }
    return sorted.entrySet().stream()
        .map(e -> new Bin<>(from(e.getKey()), from(e.getKey() + 1), List.copyOf(e.getValue())))
        .toList();
  }
}
