package dev.longtake.memory;

import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;

/** Mean raw keys of the frames held, on the host, compared by cosine. */
final class MeanKeys implements KeySimilarity {
  private final Map<Integer, float[]> byFrame = new TreeMap<>();

  void put(int frame, float[] mean) {
    byFrame.put(frame, mean);
  }

  void keepOnly(Collection<Integer> frames) {
    byFrame.keySet().retainAll(frames);
  }

  @Override
  public double between(FrameRange a, FrameRange b) {
    return cosine(sum(a), sum(b));
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

  /** The sum over frames, whose direction is that of the mean. */
  private double[] sum(FrameRange range) {
    double[] out = new double[0];
    for (int frame = range.first(); frame < range.end(); frame++) {
      var mean = byFrame.get(frame);
      if (mean == null) {
        throw new IllegalArgumentException("no mean key of frame " + frame + " is held");
      }
      if (out.length == 0) {
        out = new double[mean.length];
      }
      for (int i = 0; i < out.length; i++) {
        out[i] += mean[i];
      }
    }
    return out;
  }
}
