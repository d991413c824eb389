package dev.longtake.world;

/**
 * The colours of objects, and the bounds that let a program find objects in a picture by colour.
 *
 * <p>Objects are painted in one of seven vivid hues; everything else in a room is muted. A pixel of
 * an object has a saturation of at least {@link #MIN_OBJECT_SATURATION} and its colour's hue to
 * within two degrees; every other pixel has at most {@link #MAX_SCENERY_SATURATION}. Only pixels
 * within one of an object's outline mix the two.
 */
public enum Colour {
  /** Hue 0°. */
  RED("red", 222, 36, 36),
  /** Hue 28°. */
  ORANGE("orange", 247, 126, 18),
  /** Hue 52°. */
  YELLOW("yellow", 245, 216, 26),
  /** Hue 130°. */
  GREEN("green", 34, 178, 58),
  /** Hue 184°. */
  CYAN("cyan", 26, 206, 218),
  /** Hue 226°. */
  BLUE("blue", 40, 84, 228),
  /** Hue 281°. */
  PURPLE("purple", 154, 42, 206);

  /** Every pixel inside an object has at least this HSV saturation. */
  public static final double MIN_OBJECT_SATURATION = 0.75;

  /** Every pixel away from objects has at most this HSV saturation. */
  public static final double MAX_SCENERY_SATURATION = 0.46;

  private final String word;
  private final Rgb reference;

  Colour(String word, int red, int green, int blue) {
    this.word = word;
    this.reference = Rgb.ofBytes(red, green, blue);
  }

  /** The word captions use. */
  public String word() {
    return word;
  }

  /** The paint in full light; shading scales it and keeps hue and saturation. */
  public Rgb reference() {
    return reference;
  }
}
