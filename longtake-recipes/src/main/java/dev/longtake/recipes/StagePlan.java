package dev.longtake.recipes;

import dev.longtake.train.Course;

/**
 * A stage that is built and about to take its steps.
 *
 * @param name of the stage
 * @param batch what a device takes at once, such as {@code 24 clips}
 * @param config how its loop runs
 * @param from the step it goes on from
 * @param devices that share each step
 * @param trained how many numbers are trained
 * @param averaged how many of them have a moving average
 * @param besideBytes bytes on each device of weights that stay as they are under an adapter, and of
 *     their sums with it; 0 where all weights are trained
 */
public record StagePlan(
    String name,
    String batch,
    Course config,
    long from,
    int devices,
    long trained,
    long averaged,
    long besideBytes) {
  private static final long FLOAT_BYTES = 4;

  /** Bytes of all trained weights, FLOAT32, on each device. */
  public long weightBytes() {
    return FLOAT_BYTES * trained;
  }

  /** Bytes of their gradients, on each device. */
  public long gradientBytes() {
    return FLOAT_BYTES * trained;
  }

  /** Bytes of the optimiser's two moments, on the first device. */
  public long momentBytes() {
    return 2 * FLOAT_BYTES * trained;
  }

  /** Bytes of the moving average, on the first device. */
  public long averageBytes() {
    return FLOAT_BYTES * averaged;
  }
}
