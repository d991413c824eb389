package dev.longtake.train;

import dev.longtake.diffusion.FlowSchedule;

/**
 * The levels along which a teacher's trajectory is followed, and those of them that are kept for a
 * student of few steps. In the released code of Self-Forcing 48 steps at shift 8, of which 4 are
 * kept, stand at timesteps 1000, 960, 888.9, 727.3 and at last 0.
 *
 * @param steps of the teacher, at least 1
 * @param shift warp of the levels, above 0
 * @param kept steps of the student, at least 1; they divide the teacher's
 */
public record OdeGrid(int steps, double shift, int kept) {

  /** Checks the ranges. */
  public OdeGrid {
    if (steps < 1 || !(shift > 0) || kept < 1 || steps % kept != 0) {
      throw new IllegalArgumentException(
          "a trajectory needs a shift above 0 and kept steps that divide all steps, not "
              + shift
              + ", "
              + kept
              + " and "
              + steps);
    }
  }

  /** σ before each of the teacher's steps, then 0. */
  public float[] levels() {
    return FlowSchedule.levels(steps, shift);
  }

  /** σ of the states that are kept, from 1 down; the last is 0. */
  public float[] keptLevels() {
    float[] all = levels();
    float[] out = new float[kept + 1];
    for (int i = 0; i <= kept; i++) {
      out[i] = all[i * steps / kept];
    }
    return out;
  }

  /** Whether the state before a step, or after the last, is kept. */
  boolean keeps(int step) {
    return step % (steps / kept) == 0;
  }
}
