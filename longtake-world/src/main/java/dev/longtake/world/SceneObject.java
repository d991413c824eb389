package dev.longtake.world;

/**
 * One object of a world. It never moves.
 *
 * @param shape what it is
 * @param colour its paint, unique within a world
 * @param size how large it is
 * @param yaw where its centre stands, degrees clockwise seen from above, 0 to 360
 * @param distance from the camera to its centre, metres
 * @param turn its own rotation about the vertical, degrees; shows on cubes and pyramids
 */
public record SceneObject(
    Shape shape, Colour colour, Size size, double yaw, double distance, double turn) {

  /** An object counts as visible while at least this share of its yaw extent is in the frame. */
  public static final double VISIBLE_SHARE = 0.5;

  /** The radius in metres of the circle round the object in plan. */
  double radius() {
    return shape.radius() * size.metres();
  }

  /** The object's height in metres. */
  double height() {
    return shape.height() * size.metres();
  }

  /** Half of the yaw range that the circle round the object fills, degrees. */
  public double halfExtent() {
    return StrictMath.toDegrees(StrictMath.asin(radius() / distance));
  }

  /**
   * How much of the object's yaw extent lies inside a frame.
   *
   * @param cameraYaw where the middle of the frame looks, degrees, any real
   * @return 0 (outside) to 1 (wholly inside)
   */
  public double visibleShare(double cameraYaw) {
    double half = halfExtent();
    double centre = Angles.signed(yaw - cameraYaw);
    double reach = FrameSize.FIELD_OF_VIEW / 2;
    double inside = Math.min(centre + half, reach) - Math.max(centre - half, -reach);
    return Math.clamp(inside / (2 * half), 0.0, 1.0);
  }

  /** Whether a frame that looks at cameraYaw (degrees) shows enough of the object to name it. */
  public boolean visibleFrom(double cameraYaw) {
    return visibleShare(cameraYaw) >= VISIBLE_SHARE;
  }

  /** The object in words without article, such as {@code large red cube}. */
  public String words() {
    String name = colour.word() + " " + shape.word();
    return size.word().isEmpty() ? name : size.word() + " " + name;
  }
}
