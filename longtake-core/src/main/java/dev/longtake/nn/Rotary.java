package dev.longtake.nn;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Functional;
import dev.longtake.tensor.Tensor;

/**
 * Rotary positions over time, rows and columns (Wan, "3D RoPE").
 *
 * <p>Of a head's d/2 interleaved pairs the last two thirds turn with row and column, ⌊d/6⌋ each,
 * and the rest with time; pair j of an axis with n channels turns by {@code position ·
 * 10000^(−2j/n)}. Angles are computed in double precision, and positions are given, not counted:
 * memory decides where a frame stands.
 *
 * @param rotation cosine and sine for each token, [L, 1, d/2, 2]
 */
public record Rotary(Tensor rotation) {
  private static final double BASE = 10000;

  /**
   * The rotation of frames at the given temporal positions.
   *
   * @param positions temporal position of each frame
   * @param rows patches per column of a frame
   * @param columns patches per row of a frame
   * @param headWidth d, even
   */
  public static Rotary at(int[] positions, int rows, int columns, int headWidth, Device device) {
    int pairs = headWidth / 2;
    int spatial = pairs / 3;
    double[] time = frequencies(pairs - 2 * spatial);
    double[] space = frequencies(spatial);
    float[] table = new float[positions.length * rows * columns * headWidth];
    int at = 0;
    for (int position : positions) {
      for (int row = 0; row < rows; row++) {
        for (int column = 0; column < columns; column++) {
          at = put(table, at, position, time);
          at = put(table, at, row, space);
          at = put(table, at, column, space);
        }
      }
    }
    long tokens = (long) positions.length * rows * columns;
    return new Rotary(Tensor.of(table, tokens, 1, pairs, 2).to(device));
  }

  /** Turns queries or keys; computed in float32, returned in their own type. */
  public @Axes("B L H d") Tensor apply(@Axes("B L H d") Tensor x) {
    return Functional.rotatePairs(x, rotation);
  }

  private static double[] frequencies(int pairs) {
    double[] out = new double[pairs];
    for (int j = 0; j < pairs; j++) {
      out[j] = Math.pow(BASE, -2.0 * j / (2.0 * pairs));
    }
    return out;
  }

  private static int put(float[] table, int at, int position, double[] frequencies) {
    int next = at;
    for (double frequency : frequencies) {
      table[next++] = (float) Math.cos(position * frequency);
      table[next++] = (float) Math.sin(position * frequency);
    }
    return next;
  }
}
