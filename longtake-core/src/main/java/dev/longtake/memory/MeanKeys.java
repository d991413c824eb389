package dev.longtake.memory;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Mean raw keys of the frames held by several videos, compared by cosine. They stay on the device,
 * which multiplies each pair of a video's frames once, when the newer one comes, for all videos
 * together: a policy asks for the same pairs chunk after chunk, and while it decides, a GPU waits.
 * Only products come to the processor.
 *
 * <p>Axes: V videos, F frames that have a mean, n new ones, W numbers of a mean.
 */
final class MeanKeys implements AutoCloseable {
  private final List<Products> products;
  private List<List<Integer>> frames; // of each video, in the order of the means
  private final FrameStack means; // [V F W]

  /**
   * None are held.
   *
   * @param capacity frames there is room for from the first on
   */
  MeanKeys(int videos, int capacity) {
    means = new FrameStack(capacity);
    products = Stream.generate(Products::new).limit(videos).toList();
    frames = Collections.nCopies(videos, List.of());
  }

  /** Cosines of one video's. */
  KeySimilarity of(int video) {
    return products.get(video);
  }

  /**
   * Takes in the means of some frames, in place of those there may be; waits for the device.
   *
   * @param numbers of each video, as many
   */
  void put(List<List<Integer>> numbers, @Axes("V n W") Tensor fresh) {
    keep(IntStream.range(0, numbers.size()).mapToObj(i -> without(i, numbers.get(i))).toList());
    try (var scope = Scope.open()) {
      means.append(fresh);
      frames = joined(frames, numbers);
      var all = means.frames().to(Dtype.FLOAT64);
      var made = fresh.to(Dtype.FLOAT64).matmul(all.transpose(1, 2));
      double[] flat = made.toDoubles();
      int at = 0;
      for (int video = 0; video < numbers.size(); video++) {
        for (int frame : numbers.get(video)) {
          var with = new TreeMap<Integer, Double>();
          for (int other : frames.get(video)) {
            with.put(other, flat[at++]);
          }
          products.get(video).with.put(frame, with);
        }
      }
    }
  }

  private List<Integer> without(int video, List<Integer> numbers) {
    return frames.get(video).stream().filter(frame -> !numbers.contains(frame)).toList();
  }

  private static List<List<Integer>> joined(List<List<Integer>> a, List<List<Integer>> b) {
    return IntStream.range(0, a.size())
        .mapToObj(i -> Stream.concat(a.get(i).stream(), b.get(i).stream()).toList())
        .toList();
  }

  /**
   * Forgets all others.
   *
   * @param kept of each video; of as many there is a mean
   */
  void keepOnly(List<List<Integer>> kept) {
    keep(
        IntStream.range(0, kept.size())
            .mapToObj(i -> frames.get(i).stream().filter(kept.get(i)::contains).toList())
            .toList());
  }

  /** Of frames that all have a mean. */
  private void keep(List<List<Integer>> kept) {
    if (means.isEmpty() || kept.equals(frames)) {
      return;
    }
    for (int video = 0; video < kept.size(); video++) {
      products.get(video).keepOnly(kept.get(video));
    }
    if (kept.getFirst().isEmpty()) {
      means.clear();
    } else {
      try (var scope = Scope.open()) {
        var device = means.frames().device();
        means.keep(Tensor.of(rows(kept), kept.size(), kept.getFirst().size()).to(device));
      }
    }
    frames = kept;
  }

  private long[] rows(List<List<Integer>> kept) {
    var rows = new ArrayList<Long>();
    for (int video = 0; video < kept.size(); video++) {
      var there = frames.get(video);
      for (int frame : kept.get(video)) {
        rows.add((long) video * there.size() + there.indexOf(frame));
      }
    }
    return rows.stream().mapToLong(Long::longValue).toArray();
  }

  /** Forgets the means; what they were multiplied to stays known. */
  @Override
  public void close() {
    means.close();
  }

  /** What one video's means were multiplied to. */
  private static final class Products implements KeySimilarity {
    private final Map<Integer, Map<Integer, Double>> with = new TreeMap<>(); // older by newer

    void keepOnly(Collection<Integer> frames) {
      with.keySet().retainAll(frames);
      with.values().forEach(others -> others.keySet().retainAll(frames));
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
      return Optional.ofNullable(with.getOrDefault(frame, Map.of()).get(other));
    }

    private IllegalArgumentException missing(int a, int b) {
      return new IllegalArgumentException(
          "no mean key of frame " + (with.containsKey(a) ? b : a) + " is held");
    }
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
