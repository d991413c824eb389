package dev.longtake.teacher;

import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.List;
import java.util.SplittableRandom;

/** Which error gives way to a new one in a full bank. */
public enum Replacement {
  /**
   * The nearest by Euclidean distance, compared with all at once: fast, needs their memory twice.
   */
  L2_BATCH,
  /** The nearest by Euclidean distance, compared with one after the other: the same choice. */
  L2_SIMILARITY,
  /** Any. */
  RANDOM,
  /** The oldest. */
  FIFO;

  /**
   * The index of what gives way.
   *
   * @param stored at least one
   * @param oldest index of the oldest, if nothing but the oldest ever gave way
   */
  int choose(List<Tensor> stored, Tensor fresh, int oldest, SplittableRandom dice) {
    return switch (this) {
      case L2_BATCH -> nearestAtOnce(stored, fresh);
      case L2_SIMILARITY -> nearestOneByOne(stored, fresh);
      case RANDOM -> dice.nextInt(stored.size());
      case FIFO -> oldest;
    };
  }

  private static int nearestAtOnce(List<Tensor> stored, Tensor fresh) {
    try (var scope = Scope.open()) {
      var all = Tensor.stack(stored, 0).reshape(stored.size(), -1).to(Dtype.FLOAT32);
      var distances = all.minus(fresh.reshape(1, -1).to(Dtype.FLOAT32)).square().sum(1);
      return smallest(distances.toFloats());
    }
  }

  private static int nearestOneByOne(List<Tensor> stored, Tensor fresh) {
    float[] distances = new float[stored.size()];
    for (int i = 0; i < distances.length; i++) {
      try (var scope = Scope.open()) {
        var difference = stored.get(i).to(Dtype.FLOAT32).minus(fresh.to(Dtype.FLOAT32));
        distances[i] = (float) difference.square().sum().item();
      }
    }
    return smallest(distances);
  }

  private static int smallest(float[] distances) {
    int best = 0;
    for (int i = 1; i < distances.length; i++) {
      if (distances[i] < distances[best]) {
        best = i;
      }
    }
    return best;
  }
}
