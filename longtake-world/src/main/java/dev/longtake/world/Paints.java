package dev.longtake.world;

import java.util.ArrayList;
import java.util.List;

/**
 * Draws the muted paints of rooms; none is as saturated as {@link Colour#MAX_SCENERY_SATURATION}.
 */
final class Paints {
  private static final double STRONGEST = Colour.MAX_SCENERY_SATURATION - 0.03;

  private Paints() {}

  /** A light wall paint. */
  static Rgb wall(WallStyle style, Dice dice) {
    return switch (style) {
      case BRICK ->
          Rgb.ofHsv(dice.between(2, 34), dice.between(0.24, 0.42), dice.between(0.62, 0.80));
      case WOODEN ->
          Rgb.ofHsv(dice.between(18, 40), dice.between(0.28, 0.42), dice.between(0.66, 0.84));
      case STONE ->
          Rgb.ofHsv(dice.uniform() * 360, dice.between(0.02, 0.12), dice.between(0.66, 0.82));
      case TILED, STRIPED, PLAIN, CHECKERED ->
          Rgb.ofHsv(dice.uniform() * 360, dice.between(0.06, 0.26), dice.between(0.68, 0.86));
    };
  }

  /** The paint that goes with a wall: pale joints, dark joints, or a second tone. */
  static Rgb beside(WallStyle style, Rgb wall, Dice dice) {
    return switch (style) {
      case BRICK, TILED -> Rgb.ofHsv(wall.hue(), 0.14, 0.82);
      case STONE -> wall.lit(0.55);
      case WOODEN, PLAIN -> wall.lit(0.8);
      case STRIPED, CHECKERED ->
          Rgb.ofHsv(
              wall.hue() + dice.between(-30, 30), 0.18, wall.lit(dice.between(0.72, 0.82)).peak());
    };
  }

  /** A quiet paint for floors and ceilings. */
  static Rgb ground(double saturation, double low, double high, Dice dice) {
    return Rgb.ofHsv(
        dice.between(15, 60), dice.between(0.2, 1) * saturation, dice.between(low, high));
  }

  /** Any muted paint of a value within the bounds. */
  static Rgb any(double low, double high, Dice dice) {
    return Rgb.ofHsv(dice.uniform() * 360, dice.between(0.15, STRONGEST), dice.between(low, high));
  }

  /** A dark frame or a pale one. */
  static Rgb frame(Dice dice) {
    return dice.chance(0.6) ? any(0.18, 0.32, dice) : any(0.86, 0.95, dice);
  }

  /** Paints that tell apart well: dark to light in random order, hues spread round the circle. */
  static List<Rgb> palette(int count, Dice dice) {
    double hue = dice.uniform() * 360;
    var paints = new ArrayList<Rgb>();
    for (int i = 0; i < count; i++) {
      double value = 0.28 + 0.66 * (i + dice.between(0.1, 0.9)) / count;
      hue += 360.0 / count + dice.between(-40, 40);
      paints.add(Rgb.ofHsv(hue, dice.between(0.25, STRONGEST), value));
    }
    return List.copyOf(dice.shuffled(paints));
  }
}
