package dev.longtake.world;

import dev.longtake.world.Motif.Placed;
import java.util.ArrayList;
import java.util.List;

/** Chooses motifs for a room and finds places where they do not cover one another. */
final class Furnishing {
  private static final double MARGIN = 0.35;

  private final double height;
  private final Dice dice;

  /** Furnishes a room of the given height in metres, drawing from dice. */
  Furnishing(double height, Dice dice) {
    this.height = height;
    this.dice = dice;
  }

  /**
   * The motifs of one wall: stains below, then large pieces side by side, then signs between them.
   *
   * @param half half the length of the wall, metres
   */
  List<Placed> wall(double half) {
    var stains = new ArrayList<Placed>();
    for (int i = 0; i < 2; i++) {
      var stain = stain();
      stains.add(
          new Placed(
              stain, dice.between(-half + 0.8, half - 0.8), dice.between(0.4, height - 0.4)));
    }
    var pieces = new ArrayList<Placed>();
    double from = -half + dice.between(0.3, 0.8);
    while (true) {
      var piece = piece();
      double width = 2 * piece.halfWidth();
      if (from + width > half - 0.3) {
        break;
      }
      pieces.add(new Placed(piece, from + piece.halfWidth(), middle(piece)));
      from += width + dice.between(0.5, 1.3);
    }
    for (int attempt = 0; attempt < 3 || (pieces.size() < 4 && attempt < 100); attempt++) {
      var sign = sign();
      double reach = half - 0.15 - sign.halfWidth();
      var placed = new Placed(sign, dice.between(-reach, reach), dice.between(0.55, height - 0.5));
      if (pieces.stream().noneMatch(other -> placed.near(other, 0.08))) {
        pieces.add(placed);
      }
    }
    stains.addAll(pieces);
    return List.copyOf(stains);
  }

  /** Carpets on the ring of floor that the camera sees, 3 to 4.5 m away. */
  List<Placed> rugs() {
    var rugs = new ArrayList<Placed>();
    for (int attempt = 0; attempt < 12 && rugs.size() < 6; attempt++) {
      double yaw = dice.between(0, 2 * StrictMath.PI);
      double distance = dice.between(2.9, 4.0);
      var rug =
          new Motif.Rug(
              dice.between(0.7, 1.4),
              dice.between(0.7, 1.4),
              dice.chance(0.5),
              Paints.palette(2 + dice.below(2), dice));
      var placed = new Placed(rug, distance * StrictMath.sin(yaw), distance * StrictMath.cos(yaw));
      if (rugs.stream().noneMatch(other -> placed.near(other, 0.1))) {
        rugs.add(placed);
      }
    }
    return List.copyOf(rugs);
  }

  /** Lamps on the ceiling, away from its middle, which is out of sight. */
  List<Placed> lamps(double halfWidth, double halfDepth) {
    var lamps = new ArrayList<Placed>();
    for (int attempt = 0; attempt < 10 && lamps.size() < 5; attempt++) {
      var lamp =
          new Motif.Lamp(
              dice.between(0.3, 0.7),
              dice.between(0.3, 0.7),
              dice.chance(0.5),
              Paints.any(0.25, 0.6, dice),
              Rgb.ofHsv(dice.between(30, 60), 0.08, 1.0));
      double u = dice.between(-halfWidth + 0.9, halfWidth - 0.9);
      double v = dice.between(-halfDepth + 0.9, halfDepth - 0.9);
      var placed = new Placed(lamp, u, v);
      if (u * u + v * v > 9 && lamps.stream().noneMatch(other -> placed.near(other, 0.3))) {
        lamps.add(placed);
      }
    }
    return List.copyOf(lamps);
  }

  private Motif piece() {
    double kind = dice.uniform();
    if (kind < 0.58) {
      return picture();
    }
    if (kind < 0.75) {
      return window();
    }
    return kind < 0.9 ? shelf() : door();
  }

  private double middle(Motif piece) {
    double half = piece.halfHeight();
    if (piece instanceof Door) {
      return half;
    }
    double lowest = piece instanceof Shelf ? 1.2 + half : 0.95 + half;
    double highest = height - MARGIN - half;
    return dice.between(lowest, Math.max(lowest, highest));
  }

  private Motif picture() {
    double halfWidth = dice.between(0.7, 1.25);
    double halfHeight = dice.between(0.6, 0.95);
    return new Artwork.Framed(halfWidth, halfHeight, Paints.frame(dice), artwork());
  }

  private Artwork artwork() {
    int seed = (int) dice.bits();
    return switch (dice.below(6)) {
      case 0, 1 ->
          new Artwork.Blotches(
              Paints.palette(2 + dice.below(3), dice), dice.between(0.9, 1.5), seed);
      case 2 -> {
        double lean = dice.uniform() * StrictMath.PI;
        double density = dice.between(1.0, 1.7);
        yield new Artwork.Bands(
            Paints.palette(2 + dice.below(3), dice),
            density * StrictMath.cos(lean),
            density * StrictMath.sin(lean),
            seed);
      }
      case 3 -> {
        var paints = Paints.palette(4, dice);
        yield new Artwork.Landscape(
            paints.get(0),
            paints.get(1),
            paints.get(2),
            paints.get(3),
            dice.between(-0.6, 0.6),
            seed);
      }
      case 4 ->
          new Artwork.Mosaic(Paints.palette(3 + dice.below(2), dice), 2 + dice.below(2), 2, seed);
      default -> composition();
    };
  }

  private Artwork composition() {
    int count = 2 + dice.below(3);
    var paints = Paints.palette(count + 1, dice);
    var pieces = new ArrayList<Artwork.Composition.Piece>();
    for (int i = 0; i < count; i++) {
      pieces.add(
          new Artwork.Composition.Piece(
              dice.chance(0.5),
              dice.between(-0.7, 0.7),
              dice.between(-0.6, 0.6),
              dice.between(0.25, 0.6),
              paints.get(i)));
    }
    return new Artwork.Composition(paints.get(count), List.copyOf(pieces));
  }

  private Motif window() {
    return new Window(
        dice.between(0.7, 1.15),
        dice.between(0.65, 0.95),
        1 + dice.below(2),
        Paints.frame(dice),
        Rgb.ofHsv(dice.between(195, 225), dice.between(0.12, 0.4), dice.between(0.86, 0.98)),
        Paints.any(0.35, 0.65, dice),
        (int) dice.bits());
  }

  private Motif shelf() {
    double half = dice.between(0.8, 1.3);
    var items = new ArrayList<Shelf.Item>();
    double right = -half;
    while (right < half) {
      right += dice.between(0.4, 0.8);
      double tall = dice.chance(0.2) ? 0 : dice.between(0.25, 0.6);
      items.add(new Shelf.Item(Math.min(right, half), tall, Paints.any(0.25, 0.95, dice)));
    }
    return new Shelf(half, 0.35, Paints.any(0.2, 0.45, dice), List.copyOf(items));
  }

  private Motif door() {
    return new Door(
        dice.between(0.5, 0.65),
        dice.between(1.1, 1.25),
        Paints.any(0.35, 0.9, dice),
        Paints.frame(dice),
        dice.chance(0.5));
  }

  private Motif sign() {
    var paints = Paints.palette(2, dice);
    return new Mark(
        dice.pick(List.of(Mark.Outline.values())),
        dice.between(0.35, 0.5),
        paints.get(0),
        paints.get(1),
        dice.chance(0.5));
  }

  private Motif stain() {
    return new Stain(
        dice.between(0.7, 1.5),
        dice.between(0.5, 1.0),
        Paints.any(0.2, 0.7, dice),
        dice.between(0.25, 0.5),
        (int) dice.bits());
  }
}
