package dev.longtake.world;

/**
 * A colour as it is displayed: sRGB components, not linear light.
 *
 * <p>Light only ever scales a colour and surfaces only ever mix, and both leave {@link #saturation}
 * within the bounds of what went in: if each of several colours has min ≥ (1 − s)·max, so has every
 * weighted mean of them. That is why a bound on the paints is a bound on the pixels.
 *
 * @param red 0 to 1
 * @param green 0 to 1
 * @param blue 0 to 1
 */
public record Rgb(double red, double green, double blue) {

  /** Checks the ranges. */
  public Rgb {
    if (!(inRange(red) && inRange(green) && inRange(blue))) {
      throw new IllegalArgumentException(
          "components must lie in 0..1, got " + red + " " + green + " " + blue);
    }
  }

  private static boolean inRange(double component) {
    return component >= 0 && component <= 1;
  }

  /** The colour of three 8-bit components, each 0 to 255. */
  public static Rgb ofBytes(int red, int green, int blue) {
    return new Rgb(red / 255.0, green / 255.0, blue / 255.0);
  }

  /**
   * The colour of a hue, saturation and value triple.
   *
   * @param hue degrees, any real; 0 red, 120 green, 240 blue
   * @param saturation 0 to 1
   * @param value 0 to 1, the largest component
   */
  static Rgb ofHsv(double hue, double saturation, double value) {
    return new Rgb(
        value * (1 - saturation * distance(hue, 5)),
        value * (1 - saturation * distance(hue, 3)),
        value * (1 - saturation * distance(hue, 1)));
  }

  private static double distance(double hue, int corner) {
    double sector = hue / 60 + corner;
    double k = sector - 6 * Math.floor(sector / 6);
    return Math.clamp(Math.min(k, 4 - k), 0.0, 1.0);
  }

  /** The largest component, 0 to 1: the HSV value. */
  double peak() {
    return Math.max(red, Math.max(green, blue));
  }

  /** The HSV saturation, 0 to 1: how far the smallest component lies below the largest. */
  public double saturation() {
    double max = peak();
    double min = Math.min(red, Math.min(green, blue));
    return max == 0 ? 0 : (max - min) / max;
  }

  /** The HSV hue in degrees, 0 to 360; 0 for greys. */
  public double hue() {
    double max = peak();
    double chroma = max - Math.min(red, Math.min(green, blue));
    if (chroma == 0) {
      return 0;
    }
    double sector =
        max == red
            ? (green - blue) / chroma
            : max == green ? 2 + (blue - red) / chroma : 4 + (red - green) / chroma;
    return sector < 0 ? 60 * (sector + 6) : 60 * sector;
  }

  /** This colour under light of the given strength; components stop at 1. */
  Rgb lit(double light) {
    return new Rgb(Math.min(1, red * light), Math.min(1, green * light), Math.min(1, blue * light));
  }
}
