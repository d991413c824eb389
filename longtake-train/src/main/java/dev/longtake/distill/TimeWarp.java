package dev.longtake.distill;

import dev.longtake.diffusion.FlowSchedule;
import java.util.SplittableRandom;

/**
 * The timesteps at which generator and teacher are compared: drawn evenly, warped as the samplers'
 * levels are, and kept away from both ends.
 *
 * @param shift s of {@code 1000·s·u / (1 + (s − 1)·u)}, above 0
 * @param least smallest timestep, from 0; the released code has 20
 * @param most largest timestep, up to 1000; the released code has 980
 */
public record TimeWarp(double shift, double least, double most) {

  /** Checks the ranges. */
  public TimeWarp {
    if (!(shift > 0) || !(least >= 0 && least < most && most <= FlowSchedule.TIMESTEPS)) {
      throw new IllegalArgumentException(
          "need a shift above 0 and 0 <= least < most <= 1000, not "
              + shift
              + ", "
              + least
              + ", "
              + most);
    }
  }

  /**
   * The timestep of an unwarped one.
   *
   * @param raw 0 to 1000
   */
  public double at(double raw) {
    double u = raw / FlowSchedule.TIMESTEPS;
    double warped = FlowSchedule.TIMESTEPS * shift * u / (1 + (shift - 1) * u);
    return Math.clamp(warped, least, most);
  }

  /** A timestep for each of {@code count} samples, of whole raw ones from 0 to 999. */
  public float[] draw(SplittableRandom random, int count) {
    float[] timesteps = new float[count];
    for (int i = 0; i < count; i++) {
      timesteps[i] = (float) at(random.nextInt(FlowSchedule.TIMESTEPS));
    }
    return timesteps;
  }
}
