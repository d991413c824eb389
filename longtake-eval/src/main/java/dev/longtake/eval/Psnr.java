package dev.longtake.eval;

import java.util.Locale;

/**
 * Peak signal-to-noise ratio in decibels: {@code 10·log10(1 / mse)}, colours from 0 to 1.
 *
 * <p>Errors are gathered in whole numbers, so that the order of pictures does not matter.
 */
public final class Psnr {
  /** What equal pictures have; nothing has more, so that every score is finite. */
  public static final double MOST = 100;

  private static final double PEAK = 255.0 * 255.0;

  private long squares;
  private long values;

  /** Of nothing yet. */
  public Psnr() {}

  /**
   * Of a mean squared error.
   *
   * @param meanSquaredError of colours from 0 to 1; at least 0
   * @return decibels, at most {@link #MOST}
   */
  public static double of(double meanSquaredError) {
    return Math.min(MOST, -10 * Math.log10(Math.max(meanSquaredError, Double.MIN_NORMAL)));
  }

  /** Between two pictures of interleaved RGB bytes, of equal length. */
  public static double between(byte[] a, byte[] b) {
    return new Psnr().add(a, b).decibels();
  }

  /**
   * Takes in two pictures.
   *
   * @throws IllegalArgumentException if they differ in size
   */
  public Psnr add(byte[] a, byte[] b) {
    if (a.length != b.length) {
      throw new IllegalArgumentException(
          "pictures of " + a.length + " and " + b.length + " bytes cannot be compared");
    }
    for (int i = 0; i < a.length; i++) {
      addDifference(a[i], b[i]);
    }
    values += a.length;
    return this;
  }

  /**
   * Takes in a part of two pictures.
   *
   * @param width of the pictures, pixels
   * @param from first column
   * @param to one past the last column
   */
  public Psnr addColumns(byte[] a, byte[] b, int width, int from, int to) {
    if (a.length != b.length || from < 0 || to > width) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "columns %d up to %d of %d in pictures of %d and %d bytes",
              from,
              to,
              width,
              a.length,
              b.length));
    }
    for (int row = 0; row < a.length; row += 3 * width) {
      for (int i = row + 3 * from; i < row + 3 * to; i++) {
        addDifference(a[i], b[i]);
      }
    }
    values += (long) a.length / width * Math.max(0, to - from);
    return this;
  }

  private void addDifference(byte a, byte b) {
    int difference = (a & 0xff) - (b & 0xff);
    squares += (long) difference * difference;
  }

  /** Whether nothing was taken in. */
  public boolean isEmpty() {
    return values == 0;
  }

  /** Over all pixels taken in; there must be some. */
  public double decibels() {
    if (values == 0) {
      throw new IllegalStateException("no pixel was compared");
    }
    return of(squares / PEAK / values);
  }
}
