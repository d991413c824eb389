package dev.longtake.media;

/** Quarter turns, as telephones record them. */
final class Rotation {

  private Rotation() {}

  /**
   * Turns a picture.
   *
   * @param degrees counter-clockwise: 0, 90, 180 or 270
   */
  static Frame apply(Frame frame, int degrees) {
    if (degrees == 0) {
      return frame;
    }
    boolean sideways = degrees % 180 != 0;
    int width = sideways ? frame.height() : frame.width();
    int height = sideways ? frame.width() : frame.height();
    var rgb = new byte[frame.rgb().length];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int from =
            switch (degrees) {
              case 90 -> x * frame.width() + (frame.width() - 1 - y);
              case 180 -> (frame.height() - 1 - y) * frame.width() + (frame.width() - 1 - x);
              case 270 -> (frame.height() - 1 - x) * frame.width() + y;
              default -> throw new IllegalArgumentException("not a quarter turn: " + degrees);
            };
        System.arraycopy(frame.rgb(), 3 * from, rgb, 3 * (y * width + x), 3);
      }
    }
    return new Frame(width, height, rgb);
  }
}
