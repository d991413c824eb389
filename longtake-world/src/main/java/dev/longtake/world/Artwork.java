package dev.longtake.world;

import java.util.List;

/**
 * What a framed picture shows. Points are (x, y) in [-1, 1], the middle of the picture at 0.
 *
 * <p>Two pictures of one kind never look alike: palette, seed and proportions are all drawn anew.
 */
sealed interface Artwork {

  /** Paints one point, covering everything. */
  void paint(double x, double y, Ink ink);

  /** A picture in its frame on a wall. */
  record Framed(double halfWidth, double halfHeight, Rgb frame, Artwork artwork) implements Motif {
    private static final double BORDER = 0.10;

    @Override
    public void paint(double x, double y, Ink ink) {
      double innerX = halfWidth - BORDER;
      double innerY = halfHeight - BORDER;
      if (Math.abs(x) > innerX || Math.abs(y) > innerY) {
        ink.cover(frame);
      } else {
        artwork.paint(x / innerX, y / innerY, ink);
      }
    }
  }

  /** Patches of two to four colours, as on a map. */
  record Blotches(List<Rgb> palette, double detail, int seed) implements Artwork {
    @Override
    public void paint(double x, double y, Ink ink) {
      double level = 1.5 * Noise.smooth(seed, x * detail, y * detail) - 0.25;
      double place = Math.clamp(level, 0.0, 0.999) * palette.size();
      ink.cover(palette.get((int) place));
    }
  }

  /** Slanted bands of uneven width. */
  record Bands(List<Rgb> palette, double across, double up, int seed) implements Artwork {
    @Override
    public void paint(double x, double y, Ink ink) {
      double along = x * across + y * up;
      along += 0.35 * Noise.smooth(seed, along * 2.5, 3);
      ink.cover(palette.get(Math.floorMod(Noise.floor(along), palette.size())));
    }
  }

  /** A disc in the sky over two ranges of hills. */
  record Landscape(Rgb sky, Rgb disc, Rgb far, Rgb near, double discX, int seed)
      implements Artwork {
    @Override
    public void paint(double x, double y, Ink ink) {
      double dx = x - discX;
      double dy = y - 0.45;
      boolean inDisc = dx * dx + dy * dy < 0.1;
      if (y < 0.9 * Noise.smooth(seed, x * 1.8, 1) - 0.95) {
        ink.cover(near);
      } else if (y < 1.1 * Noise.smooth(seed, x * 1.4, 2) - 0.4) {
        ink.cover(far);
      } else {
        ink.cover(inDisc ? disc : sky);
      }
    }
  }

  /** Squares of a few colours, like a quilt. */
  record Mosaic(List<Rgb> palette, int columns, int rows, int seed) implements Artwork {
    @Override
    public void paint(double x, double y, Ink ink) {
      int column = Noise.floor((x + 1) / 2 * columns);
      int row = Noise.floor((y + 1) / 2 * rows);
      ink.cover(palette.get((int) (Noise.cell(seed, column, row) * palette.size())));
    }
  }

  /** A few overlapping discs and blocks on a ground. */
  record Composition(Rgb ground, List<Piece> pieces) implements Artwork {
    /** One piece, its middle and size in picture units. */
    record Piece(boolean round, double x, double y, double size, Rgb paint) {}

    @Override
    public void paint(double x, double y, Ink ink) {
      ink.cover(ground);
      for (int i = 0; i < pieces.size(); i++) {
        Piece piece = pieces.get(i);
        double a = Math.abs(x - piece.x());
        double b = Math.abs(y - piece.y());
        double out = piece.round() ? Math.sqrt(a * a + b * b) : Math.max(a, 1.6 * b);
        if (out < piece.size()) {
          ink.cover(piece.paint());
        }
      }
    }
  }
}
