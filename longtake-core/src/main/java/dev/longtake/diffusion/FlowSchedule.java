package dev.longtake.diffusion;

import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.Arrays;

/**
 * A descending table of noise levels with what training does at each.
 *
 * <p>All arithmetic on the table is single precision, as in the published implementation, so that
 * looking a timestep up gives the same entry.
 */
public final class FlowSchedule {
  /** Timestep of pure noise. */
  public static final int TIMESTEPS = 1000;

  private final float[] sigmas;
  private final float[] timesteps;
  private final float[] weights;

  private FlowSchedule(float[] sigmas) {
    this.sigmas = sigmas;
    timesteps = new float[sigmas.length];
    for (int i = 0; i < sigmas.length; i++) {
      timesteps[i] = sigmas[i] * TIMESTEPS;
    }
    weights = bell(timesteps);
  }

  /**
   * The training table: {@code steps} levels from 1 down, without 0: what the published code calls
   * {@code extra_one_step}.
   *
   * @param steps how many levels, at least 1
   * @param shift warp s, at least 1 in practice
   */
  public static FlowSchedule of(int steps, double shift) {
    if (steps < 1 || !(shift > 0)) {
      throw new IllegalArgumentException(
          "a schedule needs at least 1 step and a shift above 0, not " + steps + " and " + shift);
    }
    float[] sigmas = new float[steps];
    float s = (float) shift;
    for (int i = 0; i < steps; i++) {
      float u = even(i, steps);
      sigmas[i] = s * u / (1 + (s - 1) * u);
    }
    return new FlowSchedule(sigmas);
  }

  /** The 1000-level table that models are trained on. */
  public static FlowSchedule training(double shift) {
    return of(TIMESTEPS, shift);
  }

  /** The noise levels of a sampler: {@code steps} from 1 down, then 0. */
  public static float[] levels(int steps, double shift) {
    return Arrays.copyOf(of(steps, shift).sigmas, steps + 1);
  }

  /** σ of each entry, descending. */
  public float[] sigmas() {
    return sigmas.clone();
  }

  /** 1000·σ of each entry. */
  public float[] timesteps() {
    return timesteps.clone();
  }

  /** The training weight of each entry: a bell around timestep 500 with mean 1. */
  public float[] weights() {
    return weights.clone();
  }

  /** The entry nearest to a timestep, the first where two are as near; 0 gives the last. */
  public int nearest(double timestep) {
    int best = 0;
    for (int i = 1; i < timesteps.length; i++) {
      if (Math.abs(timesteps[i] - (float) timestep)
          < Math.abs(timesteps[best] - (float) timestep)) {
        best = i;
      }
    }
    return best;
  }

  /** σ of the entry nearest to a timestep. */
  public float sigmaAt(double timestep) {
    return sigmas[nearest(timestep)];
  }

  /** Training weight of the entry nearest to a timestep. */
  public float weightAt(double timestep) {
    return weights[nearest(timestep)];
  }

  /**
   * A few-step list given in unwarped thousandths (such as 1000, 750, 500, 250) at this table's
   * levels; 0 stays 0.
   */
  public float[] warp(int... steps) {
    float[] warped = new float[steps.length];
    for (int i = 0; i < steps.length; i++) {
      int entry = timesteps.length - steps[i];
      if (entry < 0 || entry > timesteps.length) {
        throw new IllegalArgumentException(
            "denoising step " + steps[i] + " is not within 0 to " + timesteps.length);
      }
      warped[i] = entry == timesteps.length ? 0 : timesteps[entry];
    }
    return warped;
  }

  /**
   * {@code (1 − σ)·x₀ + σ·ε}.
   *
   * @param sigma σ of each entry of the first axes, broadcastable to the others
   */
  public static Tensor addNoise(Tensor clean, Tensor noise, Tensor sigma) {
    try (var scope = Scope.open()) {
      return scope.keep(clean.times(sigma.negated().plus(1)).plus(noise.times(sigma)));
    }
  }

  /** Entry i of steps + 1 even ones from 1 to 0, counted from its nearer end and rounded once. */
  private static float even(int i, int steps) {
    double step = -1f / steps;
    return (float) (i < (steps + 1) / 2 ? 1 + step * i : -step * (steps - i));
  }

  private static float[] bell(float[] timesteps) {
    double[] y = new double[timesteps.length];
    for (int i = 0; i < y.length; i++) {
      double z = (timesteps[i] - TIMESTEPS / 2.0) / TIMESTEPS;
      y[i] = Math.exp(-2 * z * z);
    }
    double least = Arrays.stream(y).min().orElse(0);
    double sum = Arrays.stream(y).map(v -> v - least).sum();
    float[] out = new float[y.length];
    for (int i = 0; i < y.length; i++) {
      out[i] = sum == 0 ? 1 : (float) ((y[i] - least) * y.length / sum);
    }
    return out;
  }
}
