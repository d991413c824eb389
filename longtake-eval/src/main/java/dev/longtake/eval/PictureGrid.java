package dev.longtake.eval;

import dev.longtake.media.DigitFont;
import dev.longtake.media.Frame;
import java.util.List;
import java.util.Locale;

/** Rows of pictures, numbered from 1, each column with its time in seconds above it. */
final class PictureGrid {
  private static final int GAP = 4;
  private static final int SCALE = 2;
  private static final int BACKGROUND = 0xffffff;
  private static final int INK = 0x222222;
  private static final int MARGIN = 26;
  private static final int HEAD = SCALE * DigitFont.HEIGHT + 2 * GAP;

  private PictureGrid() {}

  /** Draws the pictures of a world. */
  static Frame of(RevisitPictures pictures) {
    var rows = pictures.rows();
    var first = rows.getFirst().frames().getFirst();
    int width = first.width() + GAP;
    int height = first.height() + GAP;
    var canvas =
        Frame.filled(
            MARGIN + pictures.seconds().size() * width, HEAD + rows.size() * height, BACKGROUND);
    for (int column = 0; column < pictures.seconds().size(); column++) {
      var label = String.format(Locale.ROOT, "%.1f", pictures.seconds().get(column));
      int indent = (first.width() - SCALE * DigitFont.width(label)) / 2;
      DigitFont.draw(canvas, label, MARGIN + column * width + indent, GAP, SCALE, INK);
    }
    for (int row = 0; row < rows.size(); row++) {
      int top = HEAD + row * height;
      int middle = top + (first.height() - SCALE * DigitFont.HEIGHT) / 2;
      DigitFont.draw(canvas, String.valueOf(row + 1), GAP, middle, SCALE, INK);
      paste(rows.get(row).frames(), canvas, top, width);
    }
    return canvas;
  }

  private static void paste(List<Frame> frames, Frame canvas, int top, int width) {
    for (int column = 0; column < frames.size(); column++) {
      var frame = frames.get(column);
      for (int y = 0; y < frame.height(); y++) {
        System.arraycopy(
            frame.rgb(),
            3 * y * frame.width(),
            canvas.rgb(),
            3 * ((top + y) * canvas.width() + MARGIN + column * width),
            3 * frame.width());
      }
    }
  }
}
