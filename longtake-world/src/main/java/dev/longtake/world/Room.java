package dev.longtake.world;

import java.util.List;

/**
 * A box with four walls round the camera, and everything painted on them.
 *
 * <p>Axes: x east, y up, z north; the camera stands at (0, {@link #EYE}, 0). Walls are numbered
 * clockwise from north; along each, u runs to the right as seen from inside.
 *
 * @param halfWidth metres from the camera to the east and west walls
 * @param halfDepth metres from the camera to the north and south walls
 * @param walls the motifs of each wall, painted in order
 */
record Room(
    double halfWidth,
    double halfDepth,
    double height,
    Lights lights,
    WallStyle style,
    Rgb wall,
    Rgb second,
    Rgb trim,
    GroundStyle floorStyle,
    Rgb floor,
    GroundStyle ceilingStyle,
    Rgb ceiling,
    int seed,
    List<List<Motif.Placed>> walls,
    List<Motif.Placed> rugs,
    List<Motif.Placed> lamps) {

  /** Height of the camera above the floor, metres. */
  static final double EYE = 1.5;

  /** Height of the boards along the foot of the walls, metres. */
  static final double SKIRTING = 0.20;

  /** Depth of the moulding under the ceiling, metres. */
  static final double MOULDING = 0.14;

  /** Objects never stand farther out than this, metres. */
  static final double CLEARANCE = 5.5;

  private static final double LARGEST = 6.2;

  /** Draws a room. */
  static Room random(Dice dice) {
    double halfWidth = dice.between(CLEARANCE, LARGEST);
    double halfDepth = dice.between(CLEARANCE, LARGEST);
    double height = dice.between(3.4, 3.8);
    var style = dice.pick(List.of(WallStyle.values()));
    Rgb wall = Paints.wall(style, dice);
    Rgb second = Paints.beside(style, wall, dice);
    var furnishing = new Furnishing(height, dice);
    return new Room(
        halfWidth,
        halfDepth,
        height,
        new Lights(dice.between(-1.2, 1.2), height - 0.3, dice.between(-1.2, 1.2)),
        style,
        wall,
        second,
        dice.chance(0.5) ? Paints.any(0.3, 0.5, dice) : Paints.any(0.82, 0.94, dice),
        dice.pick(
            List.of(
                GroundStyle.PLANKS, GroundStyle.CHEQUER, GroundStyle.SLABS, GroundStyle.SMOOTH)),
        Paints.ground(0.38, 0.5, 0.78, dice),
        dice.pick(List.of(GroundStyle.SMOOTH, GroundStyle.BEAMS, GroundStyle.SLABS)),
        Paints.ground(0.15, 0.8, 0.95, dice),
        (int) dice.bits(),
        List.of(
            furnishing.wall(halfWidth),
            furnishing.wall(halfDepth),
            furnishing.wall(halfWidth),
            furnishing.wall(halfDepth)),
        furnishing.rugs(),
        furnishing.lamps(halfWidth, halfDepth));
  }
}
