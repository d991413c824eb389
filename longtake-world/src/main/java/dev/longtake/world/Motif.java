package dev.longtake.world;

import java.util.List;

/**
 * Something to recognise a place by, that no caption mentions: a picture, a window, a stain, a rug.
 *
 * <p>A motif paints within a rectangle; (x, y) are metres from its middle, x to the right and y up
 * as seen from the camera (on floor and ceiling: east and north).
 */
sealed interface Motif
    permits Artwork.Framed, Door, Mark, Shelf, Motif.Lamp, Motif.Rug, Stain, Window {

  /** Half the width of the rectangle, metres. */
  double halfWidth();

  /** Half the height of the rectangle, metres. */
  double halfHeight();

  /** Paints the point (x, y) over what is there already; the point lies inside the rectangle. */
  void paint(double x, double y, Ink ink);

  /**
   * A motif at its place.
   *
   * @param u metres along the surface (wall: to the right from its middle; floor: east)
   * @param v metres across it (wall: above the floor; floor: north)
   */
  record Placed(Motif motif, double u, double v) {
    /** Whether two motifs come closer than gap metres. */
    boolean near(Placed other, double gap) {
      return Math.abs(u - other.u) < motif.halfWidth() + other.motif.halfWidth() + gap
          && Math.abs(v - other.v) < motif.halfHeight() + other.motif.halfHeight() + gap;
    }
  }

  /** A carpet of nested bands, round or square. */
  record Rug(double halfWidth, double halfHeight, boolean round, List<Rgb> bands) implements Motif {
    @Override
    public void paint(double x, double y, Ink ink) {
      double a = Math.abs(x) / halfWidth;
      double b = Math.abs(y) / halfHeight;
      double out = round ? Math.sqrt(a * a + b * b) : Math.max(a, b);
      if (out < 1) {
        ink.cover(bands.get((int) (out * bands.size())));
      }
    }
  }

  /** A bright panel with a dark rim on the ceiling, round or square. */
  record Lamp(double halfWidth, double halfHeight, boolean round, Rgb rim, Rgb glow)
      implements Motif {
    @Override
    public void paint(double x, double y, Ink ink) {
      double a = Math.abs(x) / halfWidth;
      double b = Math.abs(y) / halfHeight;
      double out = round ? Math.sqrt(a * a + b * b) : Math.max(a, b);
      if (out < 1) {
        ink.cover(out > 0.72 ? rim : glow);
      }
    }
  }
}
