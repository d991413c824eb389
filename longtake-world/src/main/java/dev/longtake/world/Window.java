package dev.longtake.world;

/** A window on a sky over hills, each window with hills of its own. */
record Window(
    double halfWidth, double halfHeight, int panes, Rgb frame, Rgb sky, Rgb hills, int seed)
    implements Motif {
  private static final double CASE = 0.11;

  @Override
  public void paint(double x, double y, Ink ink) {
    boolean rim = halfWidth - Math.abs(x) < CASE || halfHeight - Math.abs(y) < CASE;
    double pane = Noise.fraction((x / halfWidth + 1) / 2 * panes);
    double paneWidth = 2 * halfWidth / panes;
    boolean bar = Math.min(pane, 1 - pane) * paneWidth < 0.06 || Math.abs(y) < 0.06;
    if (rim || bar) {
      ink.cover(frame);
      return;
    }
    double ridge = halfHeight * (1.5 * Noise.smooth(seed, x * 1.6, 0) - 0.95);
    double height = (y + halfHeight) / (2 * halfHeight);
    if (y < ridge) {
      ink.cover(hills, 0.75 + 0.25 * Noise.smooth(seed, x * 2, y * 4));
    } else {
      ink.cover(sky, 1.0 - 0.14 * height);
    }
  }
}
