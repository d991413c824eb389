package dev.longtake.teacher;

/** Which context frames errors are added to; those before them stay clean, bit for bit. */
public enum Drift {
  /** All: the paper's {@code X̃ = X + I·e_drift}. */
  CONTEXT,
  /** All but the sink, which in a continued video is no product of the model. */
  PAST,
  /** The motion window: the released code. */
  MOTION;

  /** How many frames at the beginning stay clean. */
  int clean(Parts parts) {
    return switch (this) {
      case CONTEXT -> 0;
      case PAST -> parts.sink();
      case MOTION -> parts.sink() + parts.sparse();
    };
  }
}
