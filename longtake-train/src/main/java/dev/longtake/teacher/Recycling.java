package dev.longtake.teacher;

import dev.longtake.diffusion.FlowSchedule;
import dev.longtake.train.ContextTimestep;
import java.util.SplittableRandom;
import java.util.stream.DoubleStream;

/**
 * How a teacher's own errors are put back into its training (error-recycling fine-tuning of Context
 * Forcing, arXiv 2602.06028). All fractions are of samples, 0 to 1.
 *
 * @param shift warp of the training noise levels, above 0
 * @param noise fraction with an error in the noise
 * @param target fraction with an error in the target's clean latents
 * @param context fraction with an error in the context
 * @param clean fraction with no error whatever these say
 * @param cleanKept fraction of clean samples whose errors are kept
 * @param modulation f: an error is scaled by a factor from 1 − f to 1 + f, 0 to 1
 * @param drift which context frames errors join
 * @param bookkeeping how errors are kept and asked for
 * @param contextTimestep which noise level the network is told its context has
 * @param promptDropout fraction of captions that are hidden, for guidance
 */
public record Recycling(
    double shift,
    double noise,
    double target,
    double context,
    double clean,
    double cleanKept,
    double modulation,
    Drift drift,
    Bookkeeping bookkeeping,
    ContextTimestep contextTimestep,
    double promptDropout) {

  /** The paper's rule with the launch values, and the context told apart from the target. */
  public static final Recycling PAPER =
      new Recycling(
          5,
          0.01,
          0.9,
          0.9,
          0.5,
          0.1,
          0,
          Drift.CONTEXT,
          Bookkeeping.CORRECT,
          ContextTimestep.ZERO,
          0.1);

  /** The released code. */
  public static final Recycling RELEASED =
      new Recycling(
          5,
          0.01,
          0.9,
          0.9,
          0.5,
          0.1,
          0,
          Drift.MOTION,
          Bookkeeping.RELEASED,
          ContextTimestep.SHARED,
          0);

  /** Checks the ranges. */
  public Recycling {
    boolean fractions =
        DoubleStream.of(noise, target, context, clean, cleanKept, modulation, promptDropout)
            .allMatch(share -> share >= 0 && share <= 1);
    if (!(shift > 0) || !fractions) {
      throw new IllegalArgumentException(
          "recycling needs a shift above 0 and noise, target, context, clean, clean_kept,"
              + " modulation and prompt_dropout in [0, 1], not "
              + shift
              + ", "
              + noise
              + ", "
              + target
              + ", "
              + context
              + ", "
              + clean
              + ", "
              + cleanKept
              + ", "
              + modulation
              + ", "
              + promptDropout);
    }
  }

  /**
   * What is decided about a sample before anything is computed.
   *
   * @param entry of the training table
   * @param noise whether an error is to join the noise
   * @param target whether one is to join the target
   * @param context whether one is to join the context
   * @param clean whether none was allowed
   * @param keptIfClean whether its errors are kept should it be clean
   */
  record Draw(
      int entry,
      boolean noise,
      boolean target,
      boolean context,
      boolean clean,
      boolean keptIfClean) {}

  /** Decides about a sample. */
  Draw draw(SplittableRandom dice) {
    int entry = dice.nextInt(FlowSchedule.TIMESTEPS);
    boolean toNoise = dice.nextDouble() < noise;
    boolean toTarget = dice.nextDouble() < target;
    boolean toContext = dice.nextDouble() < context;
    boolean none = dice.nextDouble() < clean;
    boolean kept = dice.nextDouble() < cleanKept;
    return new Draw(entry, toNoise && !none, toTarget && !none, toContext && !none, none, kept);
  }

  /** What an error is scaled by, from 1 − f to 1 + f. */
  double factor(SplittableRandom dice) {
    return 1 + modulation * (2 * dice.nextDouble() - 1);
  }
}
