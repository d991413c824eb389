package dev.longtake.memory;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Mean raw keys of the frames held, compared by cosine. They stay on the device, which multiplies
 * each pair of frames once, when the newer one comes: a policy asks for the same pairs chunk after
 * chunk, and while it decides, a GPU waits. Only products come to the processor.
 */
final class MeanKeys implements KeySimilarity, AutoCloseable {
  private final Map<Integer, Tensor> byFrame = new TreeMap<>();
  private final Map<Integer, Map<Integer, Double>> products = new TreeMap<>(); // older by newer

  /**
   * Takes in the means of some frames, in place of those there may be; waits for the device.
   *
   * @param frames their numbers
   * @param means W numbers of each of the n frames
   */
  void put(List<Integer> frames, @Axes("n W") Tensor means) {
    for (int i = 0; i < frames.size(); i++) {
      var before = byFrame.put(frames.get(i), Scope.escape(means.select(0, i)));
      if (before != null) {
        before.close();
      }
      products.remove(frames.get(i));
      int frame = frames.get(i);
      products.values().forEach(with -> with.remove(frame));
    }
    double[][] made = products(means);
    for (int i = 0; i < frames.size(); i++) {
      var with = new TreeMap<Integer, Double>();
      int j = 0;
      for (int other : byFrame.keySet()) {
        with.put(other, made[i][j++]);
      }
      products.put(frames.get(i), with);
    }
  }

  /** Of these with all means held, in the order of frames: [n, all]; computed in FLOAT64. */
  private double[][] products(@Axes("n W") Tensor means) {
    try (var scope = Scope.open()) {
      var all = Tensor.stack(List.copyOf(byFrame.values()), 0).to(Dtype.FLOAT64).unsqueeze(0);
      var these = means.to(Dtype.FLOAT64).unsqueeze(1);
      double[] flat = these.times(all).sum(2).toDoubles();
      int width = byFrame.size();
      double[][] out = new double[Math.toIntExact(means.size(0))][];
      for (int i = 0; i < out.length; i++) {
        out[i] = Arrays.copyOfRange(flat, i * width, (i + 1) * width);
      }
      return out;
    }
  }

  void keepOnly(Collection<Integer> frames) {
    byFrame
        .entrySet()
        .removeIf(
            entry -> {
              boolean goes = !frames.contains(entry.getKey());
              if (goes) {
                entry.getValue().close();
              }
              return goes;
            });
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
        "no mean key of frame " + (products.containsKey(a) ? b : a) + " is held");
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

  /** Forgets the means; what they were multiplied to stays known. */
  @Override
  public void close() {
    byFrame.values().forEach(Tensor::close);
    byFrame.clear();
  }
}
