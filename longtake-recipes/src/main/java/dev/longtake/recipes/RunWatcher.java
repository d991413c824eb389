package dev.longtake.recipes;

import dev.longtake.train.Progress;

/** Hears how the stages of a run go. */
public interface RunWatcher {
  /** A stage begins or reports something that is not a step. */
  void said(String text);

  /** Where the run stopped or what it left, which is nothing if it is only tried out. */
  default void ended(String text) {
    said(text);
  }

  /** A stage is built and about to take its steps. */
  default void planned(StagePlan plan) {}

  /** Something else than a stage is about to begin: what it is, in a line. */
  default void planned(String line) {}

  /** What hears the steps of a stage. */
  Progress stage(String name);
}
