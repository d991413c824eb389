package dev.longtake.world;

/** Arithmetic on degrees. */
final class Angles {
  private Angles() {}

  /** The same direction in [0, 360). */
  static double positive(double degrees) {
    double turned = degrees - 360 * Math.floor(degrees / 360);
    return turned < 360 ? turned : 0;
  }

  /** The same direction in [-180, 180). */
  static double signed(double degrees) {
    return positive(degrees + 180) - 180;
  }
}
