package dev.longtake.eval;

import dev.longtake.world.Colour;
import dev.longtake.world.Shape;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The objects that a video shows, found by colour: an object is there when its colour fills at
 * least {@link #SHARE} of at least {@link #FRAMES} pictures. At the default size even a small
 * cylinder, the slightest object, fills 2.3 % of a picture; an object counts in captions from the
 * moment that half of it is in view.
 */
final class Sightings {
  /** Least share of a picture, 0 to 1. */
  static final double SHARE = 0.008;

  /** Least number of pictures. */
  static final int FRAMES = 6;

  /** Only every so many pictures are looked at for shapes: neighbours hardly differ. */
  private static final int SHAPE_STRIDE = 4;

  private final int width;
  private final ShapeClassifier classifier;
  private final int[] pictures = new int[Colour.values().length];
  private final Map<Colour, List<Silhouette>> silhouettes = new EnumMap<>(Colour.class);
  private int seen;

  Sightings(int width, ShapeClassifier classifier) {
    this.width = width;
    this.classifier = classifier;
  }

  /** Least pixels of an object in a picture of so many. */
  static int leastArea(int pixels) {
    return (int) Math.ceil(SHARE * pixels);
  }

  /** Looks at the next picture. */
  void add(byte[] rgb) {
    var mask = ColourMask.of(rgb);
    int least = leastArea(mask.length);
    int[] areas = ColourMask.areas(mask);
    for (var colour : Colour.values()) {
      if (areas[colour.ordinal()] < least) {
        continue;
      }
      pictures[colour.ordinal()]++;
      if (seen % SHAPE_STRIDE == 0) {
        Silhouette.find(rgb, mask, width, (byte) colour.ordinal(), least)
            .ifPresent(found -> of(colour).add(found));
      }
    }
    seen++;
  }

  /** The colours of the objects that are there. */
  Set<Colour> colours() {
    var found = EnumSet.noneOf(Colour.class);
    for (var colour : Colour.values()) {
      if (pictures[colour.ordinal()] >= FRAMES) {
        found.add(colour);
      }
    }
    return found;
  }

  /**
   * The shape of the object of a colour, by majority over the pictures that show it whole; empty if
   * none does. Patches of less than half the largest are left out: something covers them.
   */
  Optional<Shape> shape(Colour colour) {
    var all = of(colour);
    int largest = all.stream().mapToInt(Silhouette::area).max().orElse(0);
    var votes =
        all.stream()
            .filter(silhouette -> 2 * silhouette.area() >= largest)
            .flatMap(silhouette -> classifier.classify(silhouette).stream())
            .toList();
    return votes.isEmpty() ? Optional.empty() : Optional.of(ShapeClassifier.mostFrequent(votes));
  }

  private List<Silhouette> of(Colour colour) {
    return silhouettes.computeIfAbsent(colour, c -> new ArrayList<>());
  }
}
