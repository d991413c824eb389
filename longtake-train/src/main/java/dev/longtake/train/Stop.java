package dev.longtake.train;

/**
 * Says when a stage ends before its configured number of steps. It may change its mind at any
 * moment, from another thread too: the step under way is then the last one.
 */
@FunctionalInterface
public interface Stop {
  /** Never. */
  Stop NEVER = step -> false;

  /**
   * Whether a stage is to end rather than take a step.
   *
   * @param step which, from 0
   */
  boolean before(long step);

  /** Before a given step. */
  static Stop at(long until) {
    return step -> step >= until;
  }
}
