package dev.longtake.memory;

import java.util.HashSet;
import java.util.Set;
import java.util.function.IntFunction;

/** Mean keys made up for tests: what each frame shows, as a direction. */
record Views(IntFunction<double[]> view) implements KeySimilarity {

  /** A camera in the plane; frames are alike by the cosine between their headings. */
  static Views turning(IntFunction<Double> headingDegrees) {
    return new Views(
        frame -> {
          double angle = Math.toRadians(headingDegrees.apply(frame));
          return new double[] {Math.cos(angle), Math.sin(angle)};
        });
  }

  /** Scenes that have nothing in common. */
  static Views scenes(IntFunction<Integer> scene) {
    return new Views(
        frame -> {
          double[] view = new double[64];
          view[scene.apply(frame)] = 1;
          return view;
        });
  }

  @Override
  public double between(FrameRange a, FrameRange b) {
    double[] x = sum(a);
    double[] y = sum(b);
    return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
  }

  /** These keys, which fail when asked for a frame that a plan does not hold. */
  KeySimilarity holding(Held held, Plan plan) {
    Set<Integer> known = new HashSet<>();
    plan.past().forEach(slot -> known.add(slot.frame()));
    for (int i = 0; i < plan.chunkFrames(); i++) {
      known.add(held.frames() + i);
    }
    return (a, b) -> {
      for (var range : new FrameRange[] {a, b}) {
        for (int frame = range.first(); frame < range.end(); frame++) {
          if (!known.contains(frame)) {
            throw new AssertionError("asked for frame " + frame + ", which is not held");
          }
        }
      }
      return between(a, b);
    };
  }

  private double[] sum(FrameRange range) {
    double[] sum = view.apply(range.first()).clone();
    for (int frame = range.first() + 1; frame < range.end(); frame++) {
      double[] next = view.apply(frame);
      for (int i = 0; i < sum.length; i++) {
        sum[i] += next[i];
      }
    }
    return sum;
  }

  private static double dot(double[] x, double[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += x[i] * y[i];
    }
    return sum;
  }
}
