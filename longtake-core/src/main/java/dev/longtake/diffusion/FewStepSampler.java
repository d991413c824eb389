package dev.longtake.diffusion;

import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.Arrays;

/**
 * Jumps to the clean latent and back to the next level with fresh noise, as distilled students do
 * (Self-Forcing's inference; Context Forcing's students are sampled in the same way).
 *
 * @param timesteps descending, without a closing 0
 */
public record FewStepSampler(float... timesteps) implements Sampler {

  /** Copies the timesteps; refuses ones that do not descend within 1000 to above 0. */
  public FewStepSampler {
    timesteps = timesteps.clone();
    float before = Math.nextUp((float) FlowSchedule.TIMESTEPS);
    boolean falling = timesteps.length > 0;
    for (float timestep : timesteps) {
      falling &= timestep < before && timestep > 0;
      before = timestep;
    }
    if (!falling) {
      throw new IllegalArgumentException(
          "timesteps must descend from at most 1000 to above 0, not " + Arrays.toString(timesteps));
    }
  }

  /** A copy. */
  @Override
  public float[] timesteps() {
    return timesteps.clone();
  }

  @Override
  public Tensor sample(Denoiser denoiser, Tensor noise, Rng rng) {
    try (var scope = Scope.open()) {
      var x = noise.copy();
      for (int i = 0; i < timesteps.length; i++) {
        try (var step = Scope.open()) {
          double sigma = timesteps[i] / FlowSchedule.TIMESTEPS;
          x.plusInPlace(denoiser.flow(x, timesteps[i]), -sigma);
          if (i + 1 < timesteps.length) {
            double next = timesteps[i + 1] / FlowSchedule.TIMESTEPS;
            x.timesInPlace(1 - next);
            var fresh = rng.normal(Dtype.FLOAT32, x.shape()).to(x.device()).to(x.dtype());
            x.plusInPlace(fresh, next);
          }
        }
      }
      return scope.keep(x);
    }
  }

  @Override
  public int steps() {
    return timesteps.length;
  }
}
