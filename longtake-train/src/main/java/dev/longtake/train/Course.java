package dev.longtake.train;

import dev.longtake.optim.RateSchedule;

/** What the course of every training has, whatever is learnt. */
public interface Course {
  /** Seed of all randomness. */
  long seed();

  /** When to stop. */
  long steps();

  /** Learning rate, by step, of what the run leaves. */
  RateSchedule rate();

  /** Batches of an update, on each device, one after the other, at least 1. */
  int accumulate();

  /** Steps between log entries, at least 1. */
  long logEvery();

  /** Steps between checkpoints, at least 1. */
  long saveEvery();

  /** How many of the newest checkpoints stay, at least 1. */
  int keep();

  /** A logged value: the checkpoint where it was lowest stays too; empty for none. */
  String keepBest();
}
