package dev.longtake.distill;

import dev.longtake.optim.AdamW;
import dev.longtake.optim.OrElse;
import dev.longtake.optim.RateSchedule;
import dev.longtake.train.Course;

/**
 * How a distillation runs.
 *
 * @param seed of all randomness
 * @param steps when to stop; the critic learns in every step
 * @param generatorEvery steps from one update of the generator to the next, at least 1; the
 *     published ratio is 5
 * @param accumulate batches of rollouts per update, one after the other, at least 1
 * @param generator its updates
 * @param critic its updates
 * @param emaDecay of the generator's moving average, 0 to below 1
 * @param emaFrom step at which the average begins, as a copy
 * @param logEvery steps between log entries; each waits for the device
 * @param saveEvery steps between checkpoints
 * @param keep how many of the newest checkpoints stay, at least 1
 * @param keepBest a logged value, such as {@code critic_loss}: the checkpoint where it was lowest
 *     stays too; empty for none
 */
public record DistillTraining(
    long seed,
    long steps,
    long generatorEvery,
    int accumulate,
    Updates generator,
    Updates critic,
    double emaDecay,
    long emaFrom,
    long logEvery,
    long saveEvery,
    @OrElse("2") int keep,
    @OrElse("''") String keepBest)
    implements Course {

  /** Checks the ranges. */
  public DistillTraining {
    long least = Math.min(Math.min(steps, generatorEvery), Math.min(logEvery, saveEvery));
    if (Math.min(least, Math.min(accumulate, keep)) < 1 || emaFrom < 0) {
      throw new IllegalArgumentException(
          "steps, generator_every, accumulate, log_every, save_every and keep must be at least 1"
              + " and ema_from at least 0, not "
              + steps
              + ", "
              + generatorEvery
              + ", "
              + accumulate
              + ", "
              + logEvery
              + ", "
              + saveEvery
              + ", "
              + keep
              + " and "
              + emaFrom);
    }
    if (!(emaDecay >= 0 && emaDecay < 1)) {
      throw new IllegalArgumentException("ema_decay must be in [0, 1), not " + emaDecay);
    }
  }

  /**
   * How one network is updated.
   *
   * @param rate learning rate by step of the run
   * @param adam the optimiser's constants
   * @param clip most gradient norm, above 0
   */
  public record Updates(RateSchedule rate, AdamW.Config adam, double clip) {
    /** Checks the limit. */
    public Updates {
      if (!(clip > 0)) {
        throw new IllegalArgumentException("clip must be above 0, not " + clip);
      }
    }
  }

  /** The generator's, which is what the run leaves. */
  @Override
  public RateSchedule rate() {
    return generator.rate();
  }

  /** Whether the generator learns at a step. */
  public boolean generatorLearns(long step) {
    return step % generatorEvery == 0;
  }
}
