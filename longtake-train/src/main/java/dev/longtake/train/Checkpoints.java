package dev.longtake.train;

import java.util.Map;

/** Keeps the states of a run. */
@FunctionalInterface
public interface Checkpoints {
  /** Saves a state so that a crash at any moment leaves this one or its predecessor whole. */
  void save(TrainingState state);

  /**
   * Saves a state with what was reached.
   *
   * @param values logged numbers of the last step by tag
   */
  default void save(TrainingState state, Map<String, Double> values) {
    save(state);
  }
}
