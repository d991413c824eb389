package dev.longtake.world;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/**
 * What a clip shows, in words: {@code a red cube, a blue sphere and a yellow cone in a brick room,
 * the camera pans right slowly}.
 *
 * @param objects those that come into view, in the order they first do
 * @param wallStyle what the walls are made of
 * @param motion what the camera does, as {@link CameraPath#motion} says
 */
public record Caption(List<SceneObject> objects, WallStyle wallStyle, String motion) {

  /** Takes its own copy of the objects. */
  public Caption {
    objects = List.copyOf(objects);
  }

  /** Captions a world seen along a path. */
  public static Caption of(World world, CameraPath path) {
    return new Caption(appearing(world, path), world.wallStyle(), path.motion());
  }

  /** The caption as one line without a full stop; commas are its only punctuation. */
  public String text() {
    var line = new StringBuilder();
    for (int i = 0; i < objects.size(); i++) {
      if (i > 0) {
        line.append(i == objects.size() - 1 ? " and " : ", ");
      }
      line.append(withArticle(objects.get(i).words()));
    }
    line.append(objects.isEmpty() ? "" : " in ");
    line.append(withArticle(wallStyle.word())).append(" room, the camera ").append(motion);
    return line.toString();
  }

  /** Splits a caption into words; a comma is a word of its own. */
  public static List<String> words(String text) {
    return List.of(text.replace(",", " ,").strip().split("\\s+"));
  }

  /** Every word that can occur in a caption, the comma among them, sorted, none twice. */
  public static List<String> vocabulary() {
    var words = new TreeSet<String>(Motion.WORDS);
    words.addAll(List.of("a", "an", "and", ",", "in", "room", "the", "camera"));
    for (var colour : Colour.values()) {
      words.add(colour.word());
    }
    for (var shape : Shape.values()) {
      words.add(shape.word());
    }
    for (var size : Size.values()) {
      words.add(size.word());
    }
    for (var style : WallStyle.values()) {
      words.add(style.word());
    }
    words.remove("");
    return List.copyOf(words);
  }

  /**
   * Objects by the first frame that shows them. Those of the first frame come in the order in which
   * the pan would have brought them: from left to right if it goes right.
   */
  private static List<SceneObject> appearing(World world, CameraPath path) {
    double side = path.speed(0) < 0 ? -1 : 1;
    var waiting = new ArrayList<>(world.objects());
    waiting.sort((a, b) -> Double.compare(offset(a, path, side), offset(b, path, side)));
    var seen = new ArrayList<SceneObject>();
    for (int frame = 0; frame < path.frames() && !waiting.isEmpty(); frame++) {
      double yaw = path.yaw(frame);
      for (var object : List.copyOf(waiting)) {
        if (object.visibleFrom(yaw)) {
          seen.add(object);
          waiting.remove(object);
        }
      }
    }
    return seen;
  }

  private static double offset(SceneObject object, CameraPath path, double side) {
    return side * Angles.signed(object.yaw() - path.yaw(0));
  }

  private static String withArticle(String words) {
    boolean vowel = "aeiou".indexOf(words.charAt(0)) >= 0;
    return (vowel ? "an " : "a ") + words;
  }
}
