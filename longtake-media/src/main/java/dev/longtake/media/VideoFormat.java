package dev.longtake.media;

import java.util.Locale;

/**
 * What an MP4 will hold.
 *
 * @param width pixels, even, {@value #MIN_SIDE} to {@value #MAX_SIDE}
 * @param height pixels, even, {@value #MIN_SIDE} to {@value #MAX_SIDE}
 * @param fps frames per second, more than 0, at most {@value #MAX_FPS}
 */
public record VideoFormat(int width, int height, double fps) {

  /** The shortest side that the encoder takes: one macroblock. */
  public static final int MIN_SIDE = 16;

  /** The longest side that the encoder takes. */
  public static final int MAX_SIDE = 3840;

  /** The fastest rate that is accepted. */
  public static final double MAX_FPS = 240;

  public VideoFormat {
    requireSide("width", width);
    requireSide("height", height);
    // H.264 level 5.2, the encoder's highest, ends at 36,864 macroblocks of 16 x 16.
    if ((width + 15) / 16 * ((height + 15) / 16) > 36_864) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "H.264 cannot hold %d x %d pixels; stay within 3840 x 2160",
              width,
              height));
    }
    if (!(fps > 0 && fps <= MAX_FPS)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "fps must be more than 0 and at most %s, but is %s", MAX_FPS, fps));
    }
  }

  private static void requireSide(String side, int pixels) {
    if (pixels < MIN_SIDE || pixels > MAX_SIDE) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s must be %d to %d pixels, but is %d",
              side,
              MIN_SIDE,
              MAX_SIDE,
              pixels));
    }
    if (pixels % 2 != 0) {
      throw new IllegalArgumentException(
          String.format(
                  Locale.ROOT,
                  "%s must be even, because H.264 stores colour for blocks of 2 x 2 pixels, but is %d;",
                  side,
                  pixels)
              + String.format(Locale.ROOT, " use %d or %d", pixels - 1, pixels + 1));
    }
  }
}
