package dev.longtake.data;

import dev.longtake.media.Sampling;

/**
 * What clips of a video are to be like.
 *
 * @param width pixels; a picture is scaled to cover the size and cut around its centre
 * @param height pixels
 * @param fps frames per second that every video is brought to, above 0
 * @param frames pictures of a clip, 1 more than a multiple of 4
 * @param between what a moment between two stored pictures shows
 */
public record ClipShape(int width, int height, double fps, int frames, Sampling.Between between) {

  /** Checks the sizes. */
  public ClipShape {
    if (width < 1 || height < 1 || !(fps > 0) || frames < 1 || frames % 4 != 1) {
      throw new IllegalArgumentException(
          "clips need a size, frames per second above 0 and 4k + 1 frames, not "
              + width
              + " x "
              + height
              + ", "
              + fps
              + " and "
              + frames);
    }
  }

  /** The same with another number of pictures. */
  public ClipShape of(int pictures) {
    return new ClipShape(width, height, fps, pictures, between);
  }

  /** Bytes of a clip's pictures. */
  public int bytes() {
    return Math.multiplyExact(frames, 3 * width * height);
  }

  Sampling sampling() {
    return Sampling.NONE.at(fps).sized(width, height).between(between);
  }
}
