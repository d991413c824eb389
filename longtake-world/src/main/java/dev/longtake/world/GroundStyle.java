package dev.longtake.world;

/** What a floor or ceiling is made of. Captions do not mention it. */
enum GroundStyle {
  /** Long planks that run north. */
  PLANKS {
    @Override
    void paint(double x, double z, Rgb paint, int seed, Ink ink) {
      int row = Noise.floor(x / 1.0);
      int plank = Noise.floor(z / 3.4 + 0.37 * row);
      ink.cover(paint, 0.88 + 0.12 * Noise.cell(seed, row, plank));
    }
  },
  /** A chequer of two tones. */
  CHEQUER {
    @Override
    void paint(double x, double z, Rgb paint, int seed, Ink ink) {
      boolean even = ((Noise.floor(x / 1.4) + Noise.floor(z / 1.4)) & 1) == 0;
      ink.cover(paint, even ? 1 : 0.86);
    }
  },
  /** Large slabs, each with its own tone. */
  SLABS {
    @Override
    void paint(double x, double z, Rgb paint, int seed, Ink ink) {
      ink.cover(paint, 0.86 + 0.14 * Noise.cell(seed, Noise.floor(x / 1.8), Noise.floor(z / 1.8)));
    }
  },
  /** Soft, cloudy and plain. */
  SMOOTH {
    @Override
    void paint(double x, double z, Rgb paint, int seed, Ink ink) {
      ink.cover(paint, 0.92 + 0.08 * Noise.smooth(seed, x * 0.6, z * 0.6));
    }
  },
  /** Broad beams that run north. */
  BEAMS {
    @Override
    void paint(double x, double z, Rgb paint, int seed, Ink ink) {
      ink.cover(paint, Noise.fraction(x / 2.6) < 0.24 ? 0.82 : 1);
    }
  };

  /** Paints the point x metres east and z metres north of the camera. */
  abstract void paint(double x, double z, Rgb paint, int seed, Ink ink);
}
