package dev.longtake.world;

/** A soft blot of irregular outline that tints what lies under it. */
record Stain(double halfWidth, double halfHeight, Rgb tint, double strength, int seed)
    implements Motif {
  @Override
  public void paint(double x, double y, Ink ink) {
    double a = x / halfWidth;
    double b = y / halfHeight;
    double wobble = 0.55 * Noise.smooth(seed, 2.2 * a, 2.2 * b);
    double out = a * a + b * b + wobble;
    if (out < 1) {
      ink.mix(tint, strength * Noise.step(1, 0.75, out));
    }
  }
}
