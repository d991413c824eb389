package dev.longtake.distill;

import dev.longtake.rollout.ModelConfig;
import java.util.SplittableRandom;

/**
 * How long rollouts are: even between the shortest and a longest that grows with training (L in
 * Algorithm 1 of Context Forcing).
 *
 * @param from shortest, latent frames, a multiple of 3
 * @param to longest once grown, {@code from} plus a multiple of {@code every}
 * @param every latent frames between two lengths, a multiple of 3
 * @param over steps of growing, at least 1
 */
public record RolloutLengths(int from, int to, int every, long over) {

  /** Checks the lengths. */
  public RolloutLengths {
    int chunk = ModelConfig.CHUNK;
    boolean whole = from % chunk == 0 && every % chunk == 0;
    if (from < chunk || to < from || every < chunk || over < 1) {
      throw new IllegalArgumentException(
          "rollouts need from and every of at least "
              + chunk
              + " latent frames, to of at least from, and over of at least 1 step, not "
              + from
              + ", "
              + every
              + ", "
              + to
              + ", "
              + over);
    }
    if (!whole || (to - from) % every != 0) {
      throw new IllegalArgumentException(
          "from and every must be multiples of "
              + chunk
              + " and to be from plus a multiple of every, not "
              + from
              + ", "
              + every
              + ", "
              + to);
    }
  }

  /** All of one length. */
  public static RolloutLengths always(int frames) {
    return new RolloutLengths(frames, frames, ModelConfig.CHUNK, 1);
  }

  /** The longest at a step: {@code from + every·⌊p·(to − from)/every⌋}, p growing from 0 to 1. */
  public int most(long step) {
    double p = Math.min(1, (double) step / over);
    return from + every * (int) Math.floor(p * (to - from) / every);
  }

  /** A length for a step. */
  public int draw(long step, SplittableRandom random) {
    return from + every * random.nextInt((most(step) - from) / every + 1);
  }
}
