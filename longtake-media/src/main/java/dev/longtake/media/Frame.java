package dev.longtake.media;

import java.util.Arrays;
import java.util.Locale;

/**
 * One picture: interleaved 8-bit RGB, rows from the top, no padding.
 *
 * <p>The array is not copied on the way in or out, because a minute of video is a thousand
 * pictures; whoever hands one over stops writing to it.
 *
 * @param width pixels, 1 to {@value #MAX_SIDE}
 * @param height pixels, 1 to {@value #MAX_SIDE}
 * @param rgb {@code width · height · 3} bytes; red, green and blue of the top-left pixel first
 */
public record Frame(int width, int height, byte[] rgb) {

  /** The longest side of a picture, in pixels. */
  public static final int MAX_SIDE = 16_384;

  public Frame {
    requireSide("width", width);
    requireSide("height", height);
    if (rgb.length != 3 * width * height) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a %d x %d picture has %d bytes of RGB, but %d were given",
              width,
              height,
              3 * width * height,
              rgb.length));
    }
  }

  /**
   * A picture of a single colour.
   *
   * @param colour {@code 0xRRGGBB}
   */
  public static Frame filled(int width, int height, int colour) {
    requireSide("width", width);
    requireSide("height", height);
    var rgb = new byte[3 * width * height];
    for (int i = 0; i < rgb.length; i += 3) {
      rgb[i] = (byte) (colour >> 16);
      rgb[i + 1] = (byte) (colour >> 8);
      rgb[i + 2] = (byte) colour;
    }
    return new Frame(width, height, rgb);
  }

  /**
   * Takes a picture out of planar floats, as a VAE's decoder leaves them.
   *
   * @param planes holds [3, height, width] from {@code offset} on; -1 is black, 1 is full; values
   *     outside are clamped, NaN becomes black
   * @param offset index of the first red value
   */
  public static Frame ofPlanar(int width, int height, float[] planes, int offset) {
    requireSide("width", width);
    requireSide("height", height);
    int area = width * height;
    if (offset < 0 || planes.length - offset < 3 * area) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "planes of a %d x %d picture need %d values from offset %d on, but the array has %d",
              width,
              height,
              3 * area,
              offset,
              planes.length));
    }
    var rgb = new byte[3 * area];
    for (int plane = 0; plane < 3; plane++) {
      int from = offset + plane * area;
      for (int i = 0; i < area; i++) {
        rgb[3 * i + plane] = toByte(planes[from + i]);
      }
    }
    return new Frame(width, height, rgb);
  }

  /** The inverse of {@link #ofPlanar}: a new array [3, height, width] with values in [-1, 1]. */
  public float[] toPlanar() {
    int area = width * height;
    var planes = new float[3 * area];
    for (int i = 0; i < rgb.length; i++) {
      planes[i % 3 * area + i / 3] = (rgb[i] & 0xff) / 127.5f - 1f;
    }
    return planes;
  }

  /**
   * This picture and another one, laid over each other.
   *
   * @param other of the same size
   * @param share of the other, 0 to 1
   */
  public Frame mixed(Frame other, double share) {
    if (other.width != width || other.height != height || !(share >= 0 && share <= 1)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "%s and %s cannot be mixed with a share of %s", this, other, share));
    }
    int weight = (int) Math.round(share * 256);
    var out = new byte[rgb.length];
    for (int i = 0; i < out.length; i++) {
      int from = rgb[i] & 0xff;
      out[i] = (byte) (from + (((other.rgb[i] & 0xff) - from) * weight + 128 >> 8));
    }
    return new Frame(width, height, out);
  }

  /** The colour at column {@code x} and row {@code y}, as {@code 0xRRGGBB}. */
  public int at(int x, int y) {
    if (x < 0 || x >= width || y < 0 || y >= height) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "pixel (%d, %d) lies outside a %d x %d picture", x, y, width, height));
    }
    int i = 3 * (y * width + x);
    return (rgb[i] & 0xff) << 16 | (rgb[i + 1] & 0xff) << 8 | rgb[i + 2] & 0xff;
  }

  /** True when the other picture has the same size and the same bytes. */
  @Override
  public boolean equals(Object other) {
    return other instanceof Frame that
        && width == that.width
        && height == that.height
        && Arrays.equals(rgb, that.rgb);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * width + height) + Arrays.hashCode(rgb);
  }

  @Override
  public String toString() {
    return "Frame[" + width + " x " + height + "]";
  }

  private static byte toByte(float value) {
    // Rounded by adding a half; the cast turns NaN into 0, which is black.
    return (byte) (int) (Math.clamp((value + 1f) * 127.5f, 0f, 255f) + 0.5f);
  }

  private static void requireSide(String side, int pixels) {
    if (pixels < 1 || pixels > MAX_SIDE) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "%s must be 1 to %d pixels, but is %d", side, MAX_SIDE, pixels));
    }
  }
}
