package dev.longtake.train;

import java.util.Map;

/** Keeps the states of a run. */
@FunctionalInterface
public interface Checkpoints {
  /**
   * Saves a state so that a crash at any moment leaves this one or its predecessor whole.
   *
   * @param values what was reached: logged numbers of the last step by tag
   */
  void save(RunState state, Map<String, Double> values);
}
