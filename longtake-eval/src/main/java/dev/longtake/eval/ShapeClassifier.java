package dev.longtake.eval;

import dev.longtake.world.FrameSize;
import dev.longtake.world.Panorama;
import dev.longtake.world.Shape;
import dev.longtake.world.Split;
import dev.longtake.world.World;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Names an object's shape by the most frequent among the {@link #NEIGHBOURS} nearest silhouettes of
 * training worlds.
 */
final class ShapeClassifier {
  private static final int NEIGHBOURS = 5;
  private static final double[] OFF_CENTRE = {-24, -8, 8, 24};

  private record Example(Shape shape, float[] features) {}

  private record Near(Shape shape, double distance) {}

  private final List<Example> examples;

  private ShapeClassifier(List<Example> examples) {
    this.examples = examples;
  }

  /**
   * Looks at every object of training worlds from four sides of the frame.
   *
   * @param worlds how many; 80 have some 320 objects
   */
  static ShapeClassifier fit(int worlds, FrameSize size) {
    var examples = new ArrayList<Example>();
    var rgb = new byte[size.bytes()];
    for (int i = 0; i < worlds; i++) {
      var world = World.of(Split.TRAIN.seed(i));
      var panorama = Panorama.of(world, size);
      for (var object : world.objects()) {
        for (double side : OFF_CENTRE) {
          panorama.render(object.yaw() + side, rgb);
          Silhouette.find(
                  rgb,
                  ColourMask.of(rgb),
                  size.width(),
                  (byte) object.colour().ordinal(),
                  Sightings.leastArea(size.pixels()))
              .ifPresent(found -> examples.add(new Example(object.shape(), found.features())));
        }
      }
    }
    return new ShapeClassifier(List.copyOf(examples));
  }

  /** How many silhouettes it knows. */
  int size() {
    return examples.size();
  }

  /**
   * The likeliest shape; of equally frequent ones that of the nearest silhouette. Empty if it knows
   * none, as with pictures so small that no object fills enough of them.
   */
  Optional<Shape> classify(Silhouette silhouette) {
    var nearest =
        examples.stream()
            .map(e -> new Near(e.shape(), distance(e.features(), silhouette.features())))
            .sorted(Comparator.comparingDouble(Near::distance))
            .limit(NEIGHBOURS)
            .toList();
    return nearest.isEmpty()
        ? Optional.empty()
        : Optional.of(mostFrequent(nearest.stream().map(Near::shape).toList()));
  }

  /** The most frequent; of equally frequent ones the first in the list, which is not empty. */
  static Shape mostFrequent(List<Shape> votes) {
    var counts = new int[Shape.values().length];
    votes.forEach(shape -> counts[shape.ordinal()]++);
    return votes.stream()
        .max(
            Comparator.comparingInt(
                shape -> counts[shape.ordinal()] * votes.size() - votes.indexOf(shape)))
        .orElseThrow();
  }

  private static double distance(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      double difference = a[i] - b[i];
      sum += difference * difference;
    }
    return sum;
  }
}
