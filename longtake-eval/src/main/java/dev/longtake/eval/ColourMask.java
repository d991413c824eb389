package dev.longtake.eval;

import dev.longtake.world.Colour;

/**
 * Finds the pixels of objects by their colour alone.
 *
 * <p>A pixel belongs to a colour when it is saturated and bright enough and its hue is within
 * {@link #HUE} of the colour's. In a true picture objects have a saturation of at least 0.75 and
 * all else at most 0.46 ({@link Colour}). The autoencoder mixes neighbours and so lowers the
 * saturation of outlines; {@link #SATURATION} halves the gap. Dark pixels have no reliable hue,
 * hence {@link #VALUE}.
 */
final class ColourMask {
  /** Least HSV saturation, 0 to 1. */
  static final double SATURATION = 0.6;

  /** Least HSV value, 0 to 1. */
  static final double VALUE = 0.15;

  /** Greatest distance from the colour's hue, degrees; colours are at least 24 apart. */
  static final double HUE = 12;

  /** No colour. */
  static final byte NONE = -1;

  private static final Colour[] COLOURS = Colour.values();
  private static final byte[] BY_DEGREE = byDegree();

  private ColourMask() {}

  /**
   * The colour of every pixel.
   *
   * @param rgb interleaved bytes
   * @return ordinals of {@link Colour}, or {@link #NONE}
   */
  static byte[] of(byte[] rgb) {
    var mask = new byte[rgb.length / 3];
    for (int i = 0; i < mask.length; i++) {
      mask[i] = colour(rgb[3 * i] & 0xff, rgb[3 * i + 1] & 0xff, rgb[3 * i + 2] & 0xff);
    }
    return mask;
  }

  /** How many pixels each colour has, by ordinal. */
  static int[] areas(byte[] mask) {
    int[] areas = new int[COLOURS.length];
    for (byte colour : mask) {
      if (colour != NONE) {
        areas[colour]++;
      }
    }
    return areas;
  }

  private static byte colour(int red, int green, int blue) {
    int max = Math.max(red, Math.max(green, blue));
    int chroma = max - Math.min(red, Math.min(green, blue));
    if (max < VALUE * 255 || chroma < SATURATION * max) {
      return NONE;
    }
    double sector =
        max == red
            ? (double) (green - blue) / chroma
            : max == green
                ? 2 + (double) (blue - red) / chroma
                : 4 + (double) (red - green) / chroma;
    return BY_DEGREE[Math.floorMod((int) Math.round(60 * sector), 360)];
  }

  private static byte[] byDegree() {
    var table = new byte[360];
    for (int degree = 0; degree < 360; degree++) {
      byte nearest = NONE;
      double least = HUE;
      for (var colour : COLOURS) {
        double apart = Math.abs(degree - colour.reference().hue());
        apart = Math.min(apart, 360 - apart);
        if (apart <= least) {
          least = apart;
          nearest = (byte) colour.ordinal();
        }
      }
      table[degree] = nearest;
    }
    return table;
  }
}
