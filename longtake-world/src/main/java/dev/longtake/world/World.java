package dev.longtake.world;

import java.util.ArrayList;
import java.util.List;

/**
 * A room with three to five objects, seen from its centre; a pure function of its seed.
 *
 * <p>Nothing moves but the camera's yaw, so whatever leaves the frame must look the same when it
 * comes back. Making a world is cheap; {@link Panorama#of} does the rendering. Immutable.
 */
public final class World {
  private static final long ROOM = 1;
  private static final long OBJECTS = 2;

  /** Objects are at least this far apart, degrees between their outlines. */
  private static final double GAP = 9;

  private final long seed;
  private final Room room;
  private final List<SceneObject> objects;

  private World(long seed, Room room, List<SceneObject> objects) {
    this.seed = seed;
    this.room = room;
    this.objects = objects;
  }

  /** The world of a seed, the same on every machine. */
  public static World of(long seed) {
    return new World(seed, Room.random(new Dice(seed, ROOM)), arrange(new Dice(seed, OBJECTS)));
  }

  /** What this world was made from. */
  public long seed() {
    return seed;
  }

  /** What the walls are made of. */
  public WallStyle wallStyle() {
    return room.style();
  }

  /** The objects clockwise by yaw from a random start; no two share a colour or a line of sight. */
  public List<SceneObject> objects() {
    return objects;
  }

  Room room() {
    return room;
  }

  private static List<SceneObject> arrange(Dice dice) {
    int count = 3 + dice.below(3);
    var colours = dice.shuffled(List.of(Colour.values())).subList(0, count);
    var shapes = List.of(Shape.values());
    var loose = new ArrayList<SceneObject>();
    var slack = new double[count];
    double free = 360;
    double slackTotal = 0;
    for (int i = 0; i < count; i++) {
      double which = dice.uniform();
      // Seen from 20 to 70 degrees off a face, a cube shows two of them and reads as a cube.
      double turn = dice.between(20, 70);
      Size size = which < 0.25 ? Size.SMALL : which < 0.5 ? Size.LARGE : Size.MEDIUM;
      Shape shape = dice.pick(shapes);
      double distance = dice.between(3.1, 3.4) + shape.radius() * size.metres();
      var object = new SceneObject(shape, colours.get(i), size, 0, distance, turn);
      loose.add(object);
      slack[i] = dice.between(0.3, 1.3);
      slackTotal += slack[i];
      free -= 2 * object.halfExtent() + GAP;
    }
    double edge = dice.between(0, 360);
    var placed = new ArrayList<SceneObject>();
    for (int i = 0; i < count; i++) {
      double half = loose.get(i).halfExtent();
      placed.add(facing(loose.get(i), edge + half));
      edge += 2 * half + GAP + free * slack[i] / slackTotal;
    }
    return List.copyOf(placed);
  }

  /** Moves an object to a yaw; its turn so far is relative to the line of sight. */
  private static SceneObject facing(SceneObject loose, double yaw) {
    return new SceneObject(
        loose.shape(),
        loose.colour(),
        loose.size(),
        Angles.positive(yaw),
        loose.distance(),
        Angles.positive(yaw + loose.turn()));
  }
}
