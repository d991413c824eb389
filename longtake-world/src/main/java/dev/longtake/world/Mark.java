package dev.longtake.world;

/** A flat painted sign; flipped turns an arrow round. */
record Mark(Outline outline, double halfWidth, Rgb paint, Rgb core, boolean flipped)
    implements Motif {

  /** The forms of signs. */
  enum Outline {
    DISC,
    RING,
    DIAMOND,
    CROSS,
    TRIANGLE,
    ARROW,
    BLOCK,
    FLOWER
  }

  @Override
  public double halfHeight() {
    return halfWidth;
  }

  @Override
  public void paint(double x, double y, Ink ink) {
    double a = x / halfWidth;
    double b = y / halfWidth;
    double out = out(a, b);
    if (out < 1) {
      ink.cover(out < 0.5 ? core : paint);
    }
  }

  /** Below 1 inside the outline, below 0.5 in its core. */
  private double out(double a, double b) {
    double far = Math.sqrt(a * a + b * b);
    double x = Math.abs(a);
    double y = Math.abs(b);
    return switch (outline) {
      case DISC -> far;
      case RING -> far < 0.45 ? 2 : Math.max(far, 0.6);
      case DIAMOND -> x + y;
      case CROSS -> Math.max(Math.min(x, y) * 3, Math.max(x, y));
      case TRIANGLE -> Math.max(-b, x + 0.5 * b + 0.5);
      case ARROW -> flipped == a < 0 ? y + x : Math.max(y * 2.6, Math.max(x, 0.6));
      case BLOCK -> Math.max(x, y * 1.5);
      case FLOWER -> petals(a, b, far);
    };
  }

  private static double petals(double a, double b, double far) {
    double square = far * far + 1e-9;
    double fourfold = (a * a - b * b) * (a * a - b * b) / (square * square); // cos²(2 angle)
    return far * (1.45 - 0.45 * fourfold);
  }
}
