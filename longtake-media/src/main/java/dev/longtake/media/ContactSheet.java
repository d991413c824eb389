package dev.longtake.media;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A grid of pictures from all over a video, each with its time beneath: an hour at a glance.
 *
 * <p>Pictures are given as they are made. Of a long video only every second, fourth, eighth…
 * picture is remembered, so memory does not grow: never more than eight thumbnails a cell.
 *
 * {@snippet :
 * var sheet = new ContactSheet(5, 4, 192, 16);
 * frames.forEachRemaining(sheet::add);
 * sheet.write(Path.of("harbour.png"));
 * }
 */
public final class ContactSheet {

  private static final int BACKGROUND = 0x101010;
  private static final int INK = 0xe0e0e0;
  private static final int GAP = 4;
  private static final int WIDE_CELL = 320; // from here on labels are twice as large

  /** Of 4 to 8 remembered pictures a cell, those shown are within an eighth of an even spread. */
  private static final int KEPT_PER_CELL = 8;

  private record Thumbnail(long index, Frame frame) {}

  private final int columns;
  private final int rows;
  private final int cellWidth;
  private final double fps;
  private final List<Thumbnail> kept = new ArrayList<>();
  private long stride = 1;
  private long seen;

  /**
   * An empty sheet.
   *
   * @param columns cells side by side, at least 1
   * @param rows cells one above the other, at least 1
   * @param cellWidth width of a thumbnail in pixels, at least 32; its height follows the first
   *     picture
   * @param fps frames per second of the pictures to come, for the labels
   */
  public ContactSheet(int columns, int rows, int cellWidth, double fps) {
    if (columns < 1 || rows < 1) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a sheet needs at least one column and row, but has %d x %d",
              columns,
              rows));
    }
    if (cellWidth < 32 || (long) columns * (cellWidth + GAP) + GAP > Frame.MAX_SIDE) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "cells must be at least 32 pixels wide and all columns within %d, but %d x %d were asked",
              Frame.MAX_SIDE,
              columns,
              cellWidth));
    }
    if (!(fps > 0)) {
      throw new IllegalArgumentException("fps must be more than 0, but is " + fps);
    }
    this.columns = columns;
    this.rows = rows;
    this.cellWidth = cellWidth;
    this.fps = fps;
  }

  /** Considers the next picture of the video. */
  public void add(Frame frame) {
    if (seen % stride == 0) {
      if (kept.size() == KEPT_PER_CELL * cells()) {
        thinOut();
      }
      if (seen % stride == 0) {
        kept.add(new Thumbnail(seen, thumbnail(frame)));
      }
    }
    seen++;
  }

  /**
   * The sheet, with the pictures spread as evenly over what was added as remembering allows; the
   * first picture is always there. A video of fewer pictures than cells leaves cells empty.
   *
   * @throws IllegalStateException when nothing was added
   */
  public Frame render() {
    if (kept.isEmpty()) {
      throw new IllegalStateException("the sheet is empty; add pictures first");
    }
    var first = kept.getFirst().frame();
    int scale = cellWidth >= WIDE_CELL ? 2 : 1;
    int cellHeight = first.height() + DigitFont.HEIGHT * scale + 2 * GAP;
    var canvas =
        Frame.filled(
            GAP + columns * (cellWidth + GAP), GAP + rows * (cellHeight + GAP), BACKGROUND);
    int shown = Math.min(cells(), kept.size());
    for (int cell = 0; cell < shown; cell++) {
      var thumbnail = kept.get(pick(cell, shown));
      int left = GAP + cell % columns * (cellWidth + GAP);
      int top = GAP + cell / columns * (cellHeight + GAP);
      paste(thumbnail.frame(), canvas, left, top);
      var label = label(thumbnail.index() / fps);
      int indent = (cellWidth - DigitFont.width(label) * scale) / 2;
      DigitFont.draw(canvas, label, left + indent, top + first.height() + GAP, scale, INK);
    }
    return canvas;
  }

  /**
   * Writes {@link #render} as a PNG, atomically.
   *
   * @throws MediaException when the path cannot be written
   */
  public void write(Path png) {
    Png.write(png, render());
  }

  /** Minutes, seconds and tenths, such as {@code 61:05.3}. */
  static String label(double seconds) {
    long tenths = (long) Math.floor(seconds * 10 + 1e-6);
    return String.format(Locale.ROOT, "%d:%02d.%d", tenths / 600, tenths / 10 % 60, tenths % 10);
  }

  private int cells() {
    return columns * rows;
  }

  private int pick(int cell, int shown) {
    return shown == 1 ? 0 : (int) Math.round((double) cell * (kept.size() - 1) / (shown - 1));
  }

  private void thinOut() {
    stride *= 2;
    kept.removeIf(thumbnail -> thumbnail.index() % stride != 0);
  }

  private Frame thumbnail(Frame frame) {
    int height =
        kept.isEmpty()
            ? Math.max(1, Math.round((float) cellWidth * frame.height() / frame.width()))
            : kept.getFirst().frame().height();
    try (var scaler = new PictureScaler()) {
      return scaler.cover(frame, cellWidth, height);
    }
  }

  private static void paste(Frame picture, Frame canvas, int left, int top) {
    int row = 3 * picture.width();
    for (int y = 0; y < picture.height(); y++) {
      System.arraycopy(
          picture.rgb(), y * row, canvas.rgb(), 3 * ((top + y) * canvas.width() + left), row);
    }
  }
}
