package dev.longtake.world;

import java.util.List;

/** A board on the wall with a row of boxes and books on it. */
record Shelf(double halfWidth, double halfHeight, Rgb board, List<Item> items) implements Motif {
  private static final double BOARD = 0.09;

  /**
   * A thing on the shelf.
   *
   * @param right where it ends, metres from the middle of the shelf; items are sorted by this
   * @param height metres above the board, less than the shelf's height
   */
  record Item(double right, double height, Rgb paint) {}

  @Override
  public void paint(double x, double y, Ink ink) {
    double above = y + halfHeight - BOARD;
    if (above < 0) {
      ink.cover(board);
      return;
    }
    for (int i = 0; i < items.size(); i++) {
      Item item = items.get(i);
      if (x < item.right()) {
        if (above < item.height()) {
          ink.cover(item.paint());
        }
        return;
      }
    }
  }
}
