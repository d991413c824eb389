package dev.longtake.memory;

import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Mean raw keys of the frames held, on the host, compared by cosine. Each pair of frames is
 * multiplied once, when the newer one comes: a policy asks for the same pairs chunk after chunk,
 * and while it decides, a GPU waits.
 */
final class MeanKeys implements KeySimilarity {
  private static final int LANES = 8; // sums at a time, which the processor adds together

  private final Map<Integer, float[]> byFrame = new TreeMap<>();
  private final Map<Integer, Map<Integer, Double>> products = new TreeMap<>(); // older by newer

  void put(int frame, float[] mean) {
    byFrame.put(frame, mean);
    products.values().forEach(with -> with.remove(frame));
    var with = new TreeMap<Integer, Double>();
    byFrame.forEach((other, its) -> with.put(other, product(mean, its)));
    products.put(frame, with);
  }

  void keepOnly(Collection<Integer> frames) {
    byFrame.keySet().retainAll(frames);
    products.keySet().retainAll(frames);
    products.values().forEach(with -> with.keySet().retainAll(frames));
  }

  /** Of the sums over frames, whose direction is that of the mean. */
  @Override
  public double between(FrameRange a, FrameRange b) {
    double xx = product(a, a);
    double yy = product(b, b);
    return xx == 0 || yy == 0 ? 0 : product(a, b) / Math.sqrt(xx * yy);
  }

  private double product(FrameRange a, FrameRange b) {
    double sum = 0;
    for (int i = a.first(); i < a.end(); i++) {
      for (int j = b.first(); j < b.end(); j++) {
        sum += product(i, j);
      }
    }
    return sum;
  }

  private double product(int a, int b) {
    return known(a, b).or(() -> known(b, a)).orElseThrow(() -> missing(a, b));
  }

  private Optional<Double> known(int frame, int other) {
    return Optional.ofNullable(products.getOrDefault(frame, Map.of()).get(other));
  }

  private IllegalArgumentException missing(int a, int b) {
    return new IllegalArgumentException(
        "no mean key of frame " + (byFrame.containsKey(a) ? b : a) + " is held");
  }

  private static double product(float[] x, float[] y) {
    double[] sums = new double[LANES];
    int even = x.length - x.length % LANES;
    for (int i = 0; i < even; i += LANES) {
      for (int lane = 0; lane < LANES; lane++) {
        sums[lane] += (double) x[i + lane] * y[i + lane];
      }
    }
    double sum = Arrays.stream(sums).sum();
    for (int i = even; i < x.length; i++) {
      sum += (double) x[i] * y[i];
    }
    return sum;
  }

  /** 0 where one of them is 0. */
  static double cosine(double[] x, double[] y) {
    double product = 0;
    double xx = 0;
    double yy = 0;
    for (int i = 0; i < x.length; i++) {
      product += x[i] * y[i];
      xx += x[i] * x[i];
      yy += y[i] * y[i];
    }
    return xx == 0 || yy == 0 ? 0 : product / Math.sqrt(xx * yy);
  }
}
