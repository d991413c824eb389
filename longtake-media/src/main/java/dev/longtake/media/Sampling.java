package dev.longtake.media;

import java.util.Locale;

/**
 * How pictures are taken from a source: at which rate and in which size.
 *
 * <p>A rate is met by taking, for each moment {@code k / fps}, the stored picture nearest to it, or
 * the two around it in proportion. A size is met by scaling until the picture covers it and cutting
 * what stands out on both sides equally.
 *
 * @param fps frames per second, or {@value #AS_STORED} for every stored picture
 * @param width pixels, or {@value #AS_STORED} (then of both sides) for the stored size
 * @param height pixels, or {@value #AS_STORED} (then of both sides) for the stored size
 * @param between what a moment between two stored pictures shows
 */
public record Sampling(double fps, int width, int height, Between between) {

  /** What a moment between two stored pictures shows. */
  public enum Between {
    /** The nearer one. */
    NEAREST,
    /** Both, the nearer one more: smooth in time, blurred where something moves. */
    LINEAR
  }

  /** Stands for the source's own rate or size. */
  public static final int AS_STORED = 0;

  /** Every stored picture in its stored size. */
  public static final Sampling NONE =
      new Sampling(AS_STORED, AS_STORED, AS_STORED, Between.NEAREST);

  public Sampling {
    if (!(fps >= 0 && fps <= VideoFormat.MAX_FPS)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "fps must be 0 (as stored) to %s, but is %s", VideoFormat.MAX_FPS, fps));
    }
    boolean stored = width == AS_STORED && height == AS_STORED;
    boolean given = isSide(width) && isSide(height);
    if (!stored && !given) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "width and height must both be 1 to %d pixels, or both 0 (as stored), but are %d and %d",
              Frame.MAX_SIDE,
              width,
              height));
    }
  }

  /** This sampling at another rate, in frames per second. */
  public Sampling at(double otherFps) {
    return new Sampling(otherFps, width, height, between);
  }

  /** This sampling in another size, in pixels. */
  public Sampling sized(int otherWidth, int otherHeight) {
    return new Sampling(fps, otherWidth, otherHeight, between);
  }

  /** This sampling with another choice between stored pictures. */
  public Sampling between(Between other) {
    return new Sampling(fps, width, height, other);
  }

  boolean keepsRate() {
    return fps == AS_STORED;
  }

  boolean keepsSize() {
    return width == AS_STORED;
  }

  private static boolean isSide(int pixels) {
    return pixels >= 1 && pixels <= Frame.MAX_SIDE;
  }
}
