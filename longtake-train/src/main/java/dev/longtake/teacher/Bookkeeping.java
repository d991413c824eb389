package dev.longtake.teacher;

/** How errors are kept and asked for, where the released code does something else (N-16). */
public enum Bookkeeping {
  /**
   * A clean pass's errors are kept with the given probability throughout; an error joins the target
   * if there is one that may.
   */
  CORRECT,
  /**
   * Once the warm-up is over every clean pass's errors are kept; an error joins the target only if
   * the other bank, that of noise, is not empty.
   */
  RELEASED;

  /** Whether a clean pass's errors are kept whatever the probability says. */
  boolean keepsEveryCleanPass(boolean warmingUp) {
    return this == RELEASED && !warmingUp;
  }

  /** The bank that must not be empty for an error to join the target. */
  ErrorKind gateOfTarget() {
    return this == RELEASED ? ErrorKind.NOISE_END : ErrorKind.CLEAN_END;
  }
}
