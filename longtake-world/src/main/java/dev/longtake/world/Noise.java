package dev.longtake.world;

/** Random fields over the plane that need no state: a hash of lattice points, and its smoothing. */
final class Noise {
  private Noise() {}

  /** A fixed random number in [0, 1) for the cell (x, y). */
  static double cell(int seed, int x, int y) {
    int h = seed ^ (x * 0x9E3779B1) ^ (y * 0x85EBCA77);
    h = (h ^ (h >>> 16)) * 0x7FEB352D;
    h = (h ^ (h >>> 15)) * 0x846CA68B;
    h ^= h >>> 16;
    return (h >>> 8) * 0x1.0p-24;
  }

  /** Value noise in [0, 1): random at whole coordinates, smooth between; features are about 1. */
  static double smooth(int seed, double x, double y) {
    int cellX = floor(x);
    int cellY = floor(y);
    double fx = ease(x - cellX);
    double fy = ease(y - cellY);
    double low = mix(cell(seed, cellX, cellY), cell(seed, cellX + 1, cellY), fx);
    double high = mix(cell(seed, cellX, cellY + 1), cell(seed, cellX + 1, cellY + 1), fx);
    return mix(low, high, fy);
  }

  /** The largest whole number that is not above x, for |x| below 2^31. */
  static int floor(double x) {
    int whole = (int) x;
    return x < whole ? whole - 1 : whole;
  }

  /** The fraction of x above {@link #floor}, in [0, 1). */
  static double fraction(double x) {
    return x - floor(x);
  }

  /** Goes from 0 at x = 0 to 1 at x = 1 with level ends; x must lie in [0, 1]. */
  static double ease(double x) {
    return x * x * (3 - 2 * x);
  }

  /** Goes smoothly from 0 at low to 1 at high, constant outside. */
  static double step(double low, double high, double x) {
    return ease(Math.clamp((x - low) / (high - low), 0.0, 1.0));
  }

  private static double mix(double a, double b, double share) {
    return a + (b - a) * share;
  }
}
