package dev.longtake.eval;

import java.util.ArrayDeque;
import java.util.Optional;

/**
 * The outline and shading of an object in one picture, as numbers that do not depend on where it
 * is, how large and of what colour.
 *
 * <p>Of the largest connected patch of a colour: for each of {@link #ROWS} bands of its height the
 * left and right edge, in units of the height from the middle of its bounding box; then its
 * brightness on a grid of {@link #GRID} × {@link #GRID}, relative to its mean. The outline tells a
 * ball from a cone, the shading a pyramid's two faces from a cone's smooth side.
 *
 * @param features the numbers
 * @param area pixels of the patch
 */
record Silhouette(float[] features, int area) {
  private static final int ROWS = 12;
  private static final int GRID = 5;
  private static final float SHADING = 0.5f;
  private static final int LEAST_SIDE = 10;

  /** How many numbers there are. */
  static final int FEATURES = 2 * ROWS + GRID * GRID;

  /**
   * Looks for a whole object; one that the left or right border cuts is none.
   *
   * @param rgb the picture
   * @param mask its colours
   * @param colour which of them
   * @param leastArea pixels that a patch must have
   */
  static Optional<Silhouette> find(byte[] rgb, byte[] mask, int width, byte colour, int leastArea) {
    int[] patch = largestPatch(mask, width, colour);
    if (patch.length < leastArea) {
      return Optional.empty();
    }
    int height = mask.length / width;
    int left = width;
    int right = -1;
    int top = height;
    int bottom = -1;
    for (int pixel : patch) {
      left = Math.min(left, pixel % width);
      right = Math.max(right, pixel % width);
      top = Math.min(top, pixel / width);
      bottom = Math.max(bottom, pixel / width);
    }
    boolean cut = left == 0 || right == width - 1;
    boolean tiny = right - left + 1 < LEAST_SIDE || bottom - top + 1 < LEAST_SIDE;
    if (cut || tiny) {
      return Optional.empty();
    }
    var features = new float[FEATURES];
    edges(patch, width, (left + right) / 2f, top, bottom, features);
    shading(rgb, patch, width, left, right, top, bottom, features);
    return Optional.of(new Silhouette(features, patch.length));
  }

  private static void edges(
      int[] patch, int width, float middle, int top, int bottom, float[] features) {
    int tall = bottom - top + 1;
    int[] least = new int[tall];
    int[] most = new int[tall];
    java.util.Arrays.fill(least, Integer.MAX_VALUE);
    java.util.Arrays.fill(most, Integer.MIN_VALUE);
    for (int pixel : patch) {
      int row = pixel / width - top;
      least[row] = Math.min(least[row], pixel % width);
      most[row] = Math.max(most[row], pixel % width);
    }
    for (int band = 0; band < ROWS; band++) {
      int row = Math.min(tall - 1, (int) ((band + 0.5) * tall / ROWS));
      features[2 * band] = (least[row] - 0.5f - middle) / tall;
      features[2 * band + 1] = (most[row] + 0.5f - middle) / tall;
    }
  }

  private static void shading(
      byte[] rgb,
      int[] patch,
      int width,
      int left,
      int right,
      int top,
      int bottom,
      float[] features) {
    var sums = new float[GRID * GRID];
    var counts = new int[GRID * GRID];
    float total = 0;
    for (int pixel : patch) {
      int column = (pixel % width - left) * GRID / (right - left + 1);
      int row = (pixel / width - top) * GRID / (bottom - top + 1);
      int red = rgb[3 * pixel] & 0xff;
      int green = rgb[3 * pixel + 1] & 0xff;
      int blue = rgb[3 * pixel + 2] & 0xff;
      float light = Math.max(red, Math.max(green, blue));
      sums[row * GRID + column] += light;
      counts[row * GRID + column]++;
      total += light;
    }
    float mean = total / patch.length;
    for (int cell = 0; cell < sums.length; cell++) {
      float relative = counts[cell] == 0 ? 0 : sums[cell] / counts[cell] / mean - 1;
      features[2 * ROWS + cell] = SHADING * relative;
    }
  }

  /** Pixels of the largest patch of a colour, neighbours sharing a side. */
  private static int[] largestPatch(byte[] mask, int width, byte colour) {
    int[] largest = new int[0];
    var seen = new boolean[mask.length];
    var waiting = new ArrayDeque<Integer>();
    for (int start = 0; start < mask.length; start++) {
      if (mask[start] != colour || seen[start]) {
        continue;
      }
      var patch = java.util.stream.IntStream.builder();
      seen[start] = true;
      waiting.add(start);
      while (!waiting.isEmpty()) {
        int pixel = waiting.remove();
        patch.add(pixel);
        int column = pixel % width;
        visit(column > 0 ? pixel - 1 : -1, mask, colour, seen, waiting);
        visit(column < width - 1 ? pixel + 1 : -1, mask, colour, seen, waiting);
        visit(pixel - width, mask, colour, seen, waiting);
        visit(pixel + width, mask, colour, seen, waiting);
      }
      int[] pixels = patch.build().toArray();
      if (pixels.length > largest.length) {
        largest = pixels;
      }
    }
    return largest;
  }

  private static void visit(
      int pixel, byte[] mask, byte colour, boolean[] seen, ArrayDeque<Integer> waiting) {
    if (pixel >= 0 && pixel < mask.length && mask[pixel] == colour && !seen[pixel]) {
      seen[pixel] = true;
      waiting.add(pixel);
    }
  }
}
