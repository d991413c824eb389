package dev.longtake.train;

import dev.longtake.optim.AdamW;
import dev.longtake.optim.OrElse;
import dev.longtake.optim.RateSchedule;

/**
 * How a loop runs.
 *
 * @param seed of all randomness
 * @param steps when to stop
 * @param rate learning rate by step
 * @param adam the optimiser's constants
 * @param clip most gradient norm, above 0
 * @param emaDecay of the moving average, 0 to below 1
 * @param logEvery steps between log entries; each waits for the device
 * @param saveEvery steps between checkpoints
 * @param accumulate batches of a step, on each device, one after the other; the gradient is their
 *     mean. At least 1
 * @param keep how many of the newest checkpoints stay, at least 1
 * @param keepBest a logged value, such as {@code loss}: the checkpoint where it was lowest stays
 *     too; empty for none
 */
public record TrainingConfig(
    long seed,
    long steps,
    RateSchedule rate,
    AdamW.Config adam,
    double clip,
    double emaDecay,
    long logEvery,
    long saveEvery,
    @OrElse("1") int accumulate,
    @OrElse("2") int keep,
    @OrElse("''") String keepBest)
    implements Course {

  /** Checks the ranges. */
  public TrainingConfig {
    if (!(emaDecay >= 0 && emaDecay < 1)) {
      throw new IllegalArgumentException("ema_decay must be in [0, 1), not " + emaDecay);
    }
    if (steps < 1 || logEvery < 1 || saveEvery < 1 || !(clip > 0)) {
      throw new IllegalArgumentException(
          "steps, log_every and save_every must be at least 1 and clip above 0, not "
              + steps
              + ", "
              + logEvery
              + ", "
              + saveEvery
              + ", "
              + clip);
    }
    if (accumulate < 1 || keep < 1) {
      throw new IllegalArgumentException(
          "accumulate and keep must be at least 1, not " + accumulate + " and " + keep);
    }
  }

  /** One batch a step; the two newest checkpoints stay. */
  public TrainingConfig(
      long seed,
      long steps,
      RateSchedule rate,
      AdamW.Config adam,
      double clip,
      double emaDecay,
      long logEvery,
      long saveEvery) {
    this(seed, steps, rate, adam, clip, emaDecay, logEvery, saveEvery, 1, 2, "");
  }

  /** With another number of batches a step. */
  public TrainingConfig withAccumulated(int batches) {
    return new TrainingConfig(
        seed, steps, rate, adam, clip, emaDecay, logEvery, saveEvery, batches, keep, keepBest);
  }
}
