package dev.longtake.world;

/** A door with two sunk panels, a dark case and a knob. */
record Door(double halfWidth, double halfHeight, Rgb paint, Rgb frame, boolean knobLeft)
    implements Motif {
  private static final double CASE = 0.10;

  @Override
  public void paint(double x, double y, Ink ink) {
    double side = halfWidth - Math.abs(x);
    if (side < CASE || halfHeight - y < CASE) {
      ink.cover(frame);
      return;
    }
    double knobX = (knobLeft ? x : -x) + halfWidth - 0.25;
    double knobY = y + 0.05;
    boolean knob = knobX * knobX + knobY * knobY < 0.008;
    boolean panel = side > 0.36 && Math.abs(Math.abs(y) - 0.5 * halfHeight) < 0.34 * halfHeight;
    ink.cover(knob ? frame : paint, panel && !knob ? 0.80 : 1);
  }
}
