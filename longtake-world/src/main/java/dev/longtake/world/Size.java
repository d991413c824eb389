package dev.longtake.world;

/** How large an object is; captions name the unusual sizes only. */
public enum Size {
  /** About two thirds of the usual size. */
  SMALL("small", 0.72),
  /** The usual size, not mentioned in captions. */
  MEDIUM("", 1.08),
  /** About a third larger than usual. */
  LARGE("large", 1.45);

  private final String word;
  private final double metres;

  Size(String word, double metres) {
    this.word = word;
    this.metres = metres;
  }

  /** The word captions use; empty where they use none. */
  public String word() {
    return word;
  }

  /** The length that a shape's proportions multiply, in metres. */
  double metres() {
    return metres;
  }
}
