package dev.longtake.world;

/**
 * What the walls of a room are made of. All four walls share it and captions name it.
 *
 * <p>Features are large (a course of bricks is 0.48 m, about ten pixels at the default size), so
 * that pictures stay clear of aliasing and a small video autoencoder keeps them.
 */
public enum WallStyle {
  /** Courses of bricks, each a little lighter or darker, with pale joints. */
  BRICK("brick") {
    @Override
    void paint(double u, double v, Rgb wall, Rgb second, int seed, Ink ink) {
      masonry(u, v, 1.15, 0.48, 0.07, 0.12, wall, second, seed, ink);
    }
  },
  /** Square tiles with pale joints. */
  TILED("tiled") {
    @Override
    void paint(double u, double v, Rgb wall, Rgb second, int seed, Ink ink) {
      double tile = 1.0;
      double x = u / tile;
      double y = v / tile;
      boolean joint =
          edge(Noise.fraction(x)) * tile < 0.04 || edge(Noise.fraction(y)) * tile < 0.04;
      double tone = 1 - 0.06 * Noise.cell(seed, Noise.floor(x), Noise.floor(y));
      ink.cover(joint ? second : wall, joint ? 1 : tone);
    }
  },
  /** Upright planks, each with its own tone and a soft grain. */
  WOODEN("wooden") {
    @Override
    void paint(double u, double v, Rgb wall, Rgb second, int seed, Ink ink) {
      double x = u / 0.9;
      int plank = Noise.floor(x);
      double grain = Noise.smooth(seed, x * 2, v * 0.7 + 7 * plank);
      double tone = 0.82 + 0.13 * Noise.cell(seed, plank, 1) + 0.05 * grain;
      ink.cover(wall, edge(x - plank) < 0.05 ? 0.68 : tone);
    }
  },
  /** Broad upright stripes of two tones. */
  STRIPED("striped") {
    @Override
    void paint(double u, double v, Rgb wall, Rgb second, int seed, Ink ink) {
      ink.cover(Noise.fraction(u / 1.5) < 0.5 ? wall : second);
    }
  },
  /** One colour. */
  PLAIN("plain") {
    @Override
    void paint(double u, double v, Rgb wall, Rgb second, int seed, Ink ink) {
      ink.cover(wall);
    }
  },
  /** Large blocks of very different tones with dark joints. */
  STONE("stone") {
    @Override
    void paint(double u, double v, Rgb wall, Rgb second, int seed, Ink ink) {
      masonry(u, v, 1.7, 0.8, 0.08, 0.24, wall, second, seed, ink);
    }
  },
  /** A chequer of two tones. */
  CHECKERED("checkered") {
    @Override
    void paint(double u, double v, Rgb wall, Rgb second, int seed, Ink ink) {
      boolean even = ((Noise.floor(u / 1.15) + Noise.floor(v / 1.15)) & 1) == 0;
      ink.cover(even ? wall : second);
    }
  };

  private final String word;

  WallStyle(String word) {
    this.word = word;
  }

  /** The word captions use, as in {@code in a brick room}. */
  public String word() {
    return word;
  }

  /**
   * Paints one point of a wall.
   *
   * @param u metres along the wall
   * @param v metres above the floor
   * @param wall the main paint
   * @param second joints, or the other stripe
   */
  abstract void paint(double u, double v, Rgb wall, Rgb second, int seed, Ink ink);

  /** Distance to the nearer end of the unit interval. */
  private static double edge(double fraction) {
    return Math.min(fraction, 1 - fraction);
  }

  private static void masonry(
      double u,
      double v,
      double width,
      double height,
      double joint,
      double contrast,
      Rgb wall,
      Rgb second,
      int seed,
      Ink ink) {
    double y = v / height;
    int course = Noise.floor(y);
    double x = u / width + 0.5 * (course & 1);
    int block = Noise.floor(x);
    boolean between = edge(y - course) * height < joint / 2 || edge(x - block) * width < joint / 2;
    double tone = 1 - contrast * Noise.cell(seed, block, course);
    ink.cover(between ? second : wall, between ? 1 : tone);
  }
}
