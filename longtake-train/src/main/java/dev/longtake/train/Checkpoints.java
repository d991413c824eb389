package dev.longtake.train;

/** Keeps the states of a run. */
public interface Checkpoints {
  /** Saves a state so that a crash at any moment leaves this one or its predecessor whole. */
  void save(TrainingState state);
}
