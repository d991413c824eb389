package dev.longtake.cli;

import java.util.Optional;

/** A check that several options share. */
final class AtLeastOne {
  private AtLeastOne() {}

  /**
   * Refuses numbers below 1, and what is no number.
   *
   * @param option its name
   * @param number its value, if it was given
   */
  static void require(String option, Optional<? extends Number> number) {
    if (number.isPresent() && !(number.get().doubleValue() >= 1)) {
      throw new IllegalArgumentException(option + " is " + number.get() + "; give 1 or more");
    }
  }
}
