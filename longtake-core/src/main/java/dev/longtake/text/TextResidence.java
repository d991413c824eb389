package dev.longtake.text;

/** Where a text encoder is while no prompt is read. The published one takes 11 GB in BFLOAT16. */
public enum TextResidence {
  /** On the model's device, for good: small encoders, and prompts that change often. */
  DEVICE("device"),

  /**
   * Nowhere: read onto the model's device for new prompts, and freed as soon as they are encoded.
   */
  PASSING("passing"),

  /**
   * In the processor's memory, for good, where it also encodes: slower, and no GPU memory at all.
   */
  PROCESSOR("cpu");

  private final String word;

  TextResidence(String word) {
    this.word = word;
  }

  /** What {@link #parse} reads. */
  public String word() {
    return word;
  }

  /**
   * Reads {@code device}, {@code passing} or {@code cpu}.
   *
   * @throws IllegalArgumentException if the text is none of these
   */
  public static TextResidence parse(String text) {
    for (var residence : values()) {
      if (residence.word.equals(text)) {
        return residence;
      }
    }
    throw new IllegalArgumentException(
        "unknown place for the text encoder '" + text + "': give device, passing or cpu");
  }
}
