package dev.longtake.world;

/** What a floor or ceiling is made of. Captions do not mention it. */
enum GroundStyle {
  /** Long planks that run north. */
  PLANKS {
    @Override
    void paint(double x, double z, Rgb paint, int seed, Ink ink) {
      int row = Noise.floor(x / 0.6);
      int plank = Noise.floor(z / 2.6 + 0.37 * row);
      ink.cover(paint, 0.80 + 0.20 * Noise.cell(seed, row, plank));
    }
  },
  /** A chequer of two tones. */
  CHEQUER {
    @Override
    void paint(double x, double z, Rgb paint, int seed, Ink ink) {
      boolean even = ((Noise.floor(x / 0.9) + Noise.floor(z / 0.9)) & 1) == 0;
      ink.cover(paint, even ? 1 : 0.76);
    }
  },
  /** Large slabs, each with its own tone. */
  SLABS {
    @Override
    void paint(double x, double z, Rgb paint, int seed, Ink ink) {
      ink.cover(paint, 0.76 + 0.24 * Noise.cell(seed, Noise.floor(x / 1.1), Noise.floor(z / 1.1)));
    }
  },
  /** Soft, cloudy and plain. */
  SMOOTH {
    @Override
    void paint(double x, double z, Rgb paint, int seed, Ink ink) {
      ink.cover(paint, 0.88 + 0.12 * Noise.smooth(seed, x * 0.8, z * 0.8));
    }
  },
  /** Broad beams that run north. */
  BEAMS {
    @Override
    void paint(double x, double z, Rgb paint, int seed, Ink ink) {
      ink.cover(paint, Noise.fraction(x / 1.7) < 0.24 ? 0.66 : 1);
    }
  };

  /** Paints the point x metres east and z metres north of the camera. */
  abstract void paint(double x, double z, Rgb paint, int seed, Ink ink);
}
