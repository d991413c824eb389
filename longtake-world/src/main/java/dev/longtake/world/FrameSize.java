package dev.longtake.world;

/**
 * The size of a frame in pixels. A frame always spans {@link #FIELD_OF_VIEW} degrees of yaw; pixels
 * are square, so the height decides how much floor and ceiling is seen.
 *
 * @param width at least 8
 * @param height at least 8
 */
public record FrameSize(int width, int height) {

  /** What the bundled model is trained on. */
  public static final FrameSize DEFAULT = new FrameSize(192, 128);

  /** Degrees of yaw across a frame. */
  public static final double FIELD_OF_VIEW = 90;

  private static final int LARGEST = 8192;

  /** Checks the ranges. */
  public FrameSize {
    if (width < 8 || height < 8 || width > LARGEST || height > LARGEST) {
      throw new IllegalArgumentException(
          "a frame is 8 to " + LARGEST + " pixels wide and high, got " + width + "x" + height);
    }
  }

  /** Pixels in a frame. */
  public int pixels() {
    return width * height;
  }

  /** Bytes in an interleaved RGB frame. */
  public int bytes() {
    return 3 * pixels();
  }

  /** Columns in a full turn. */
  public int turnColumns() {
    return 4 * width;
  }

  /** Pixels per unit of slope (rise over run), as for the middle column of a pinhole camera. */
  double focalLength() {
    return width / (StrictMath.PI / 2);
  }
}
