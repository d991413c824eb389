package dev.longtake.train;

import java.util.Map;

/** Hears how a run goes. */
@FunctionalInterface
public interface Progress {

  /**
   * At each log entry.
   *
   * @param step the last finished step, from 0
   * @param steps how many there will be
   * @param values logged numbers by tag
   */
  void logged(long step, long steps, Map<String, Double> values);
}
