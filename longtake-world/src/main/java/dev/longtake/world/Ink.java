package dev.longtake.world;

/** One sample's colour while surfaces paint on it; reused for every sample, so nothing is born. */
final class Ink {
  double red;
  double green;
  double blue;

  /** Covers everything painted so far. */
  void cover(Rgb paint) {
    red = paint.red();
    green = paint.green();
    blue = paint.blue();
  }

  /** Covers everything with paint under light of the given strength. */
  void cover(Rgb paint, double light) {
    red = paint.red() * light;
    green = paint.green() * light;
    blue = paint.blue() * light;
  }

  /** Mixes paint in; share 0 leaves the ink, 1 covers it. */
  void mix(Rgb paint, double share) {
    red += (paint.red() - red) * share;
    green += (paint.green() - green) * share;
    blue += (paint.blue() - blue) * share;
  }

  /** Scales by light, at least 0. */
  void light(double strength) {
    red *= strength;
    green *= strength;
    blue *= strength;
  }
}
