package dev.longtake.world;

/** The shape of an object; all stand on the floor. */
public enum Shape {
  /** A box with equal sides, turned by any angle. */
  CUBE("cube", 0.95 / 2 * 1.4143, 0.95),
  /** A ball. */
  SPHERE("sphere", 0.56, 1.12),
  /** A round cone, point up. */
  CONE("cone", 0.58, 1.35),
  /** A round column with a flat top. */
  CYLINDER("cylinder", 0.48, 1.12),
  /** Four triangles over a square, turned by any angle. */
  PYRAMID("pyramid", 1.0 / 2 * 1.4143, 1.08);

  private final String word;
  private final double radius;
  private final double height;

  Shape(String word, double radius, double height) {
    this.word = word;
    this.radius = radius;
    this.height = height;
  }

  /** The word captions use. */
  public String word() {
    return word;
  }

  /** The radius in metres of the circle round the shape in plan, at a size of 1 m. */
  double radius() {
    return radius;
  }

  /** The height in metres at a size of 1 m. */
  double height() {
    return height;
  }
}
