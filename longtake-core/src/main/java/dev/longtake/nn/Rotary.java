package dev.longtake.nn;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Functional;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.List;
import java.util.stream.IntStream;

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
    int temporal = pairs - 2 * spatial;
    int[] down = IntStream.range(0, rows).toArray();
    int[] across = IntStream.range(0, columns).toArray();
    float[] tables = new float[2 * (positions.length * temporal + (rows + columns) * spatial)];
    int at = put(tables, 0, positions, temporal);
    at = put(tables, at, down, spatial);
    put(tables, at, across, spatial);
    try (var scope = Scope.open()) {
      // One small table for each axis goes to the device, and is repeated there.
      var all = Tensor.of(tables, tables.length).to(device);
      long frames = positions.length;
      long[] sizes = {2 * frames * temporal, 2L * rows * spatial, 2L * columns * spatial};
      var time = all.narrow(0, 0, sizes[0]).reshape(frames, 1, 1, temporal, 2);
      var row = all.narrow(0, sizes[0], sizes[1]).reshape(1, rows, 1, spatial, 2);
      var column = all.narrow(0, sizes[0] + sizes[1], sizes[2]).reshape(1, 1, columns, spatial, 2);
      var whole =
          Tensor.cat(
              List.of(
                  time.expand(frames, rows, columns, temporal, 2),
                  row.expand(frames, rows, columns, spatial, 2),
                  column.expand(frames, rows, columns, spatial, 2)),
              3);
      return new Rotary(scope.keep(whole.reshape(frames * rows * columns, 1, pairs, 2)));
    }
  }

  /** Of the last tokens alone, as a view; this very one if there are no others. */
  public Rotary last(long tokens) {
    long first = rotation.size(0) - tokens;
    return first == 0 ? this : new Rotary(rotation.narrow(0, first, tokens));
  }

  /** Of the first tokens alone, as a view; this very one if there are no others. */
  public Rotary first(long tokens) {
    return tokens == rotation.size(0) ? this : new Rotary(rotation.narrow(0, 0, tokens));
  }

  /** Turns queries or keys; computed in float32, returned in their own type. */
  public @Axes("B L H d") Tensor apply(@Axes("B L H d") Tensor x) {
    return Functional.rotatePairs(x, rotation);
  }

  /** Cosine and sine of every position and pair of one axis; returns where the next one begins. */
  private static int put(float[] table, int at, int[] positions, int pairs) {
    int next = at;
    for (int position : positions) {
      for (int j = 0; j < pairs; j++) {
        double angle = position * Math.pow(BASE, -2.0 * j / (2.0 * pairs));
        table[next++] = (float) Math.cos(angle);
        table[next++] = (float) Math.sin(angle);
      }
    }
    return next;
  }
}
