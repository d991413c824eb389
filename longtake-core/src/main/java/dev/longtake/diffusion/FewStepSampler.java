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
      int last = timesteps.length - 1;
      return scope.keep(jump(last, denoiser, before(last, denoiser, noise, rng)));
    }
  }

  /**
   * What the pass of that number starts from: the passes before it, each with fresh noise after it.
   * Training ends a chunk's passes early and lets gradients through the last one only.
   *
   * @param pass from 0; the first starts from the noise itself
   */
  public Tensor before(int pass, Denoiser denoiser, Tensor noise, Rng rng) {
    try (var scope = Scope.open()) {
      var x = noise.copy();
      for (int i = 0; i < pass; i++) {
        try (var step = Scope.open()) {
          double next = sigma(i + 1);
          x.plusInPlace(denoiser.flow(x, timesteps[i]), -sigma(i));
          x.timesInPlace(1 - next);
          var fresh = rng.normal(Dtype.FLOAT32, x.shape()).to(x.device()).to(x.dtype());
          x.plusInPlace(fresh, next);
        }
      }
      return scope.keep(x);
    }
  }

  /**
   * The clean latent that a pass jumps to: {@code x₀ = x − σ·v}.
   *
   * @param pass from 0
   * @param x at that pass's noise level; stays as it is
   */
  public Tensor jump(int pass, Denoiser denoiser, Tensor x) {
    try (var scope = Scope.open()) {
      var flow = denoiser.flow(x, timesteps[pass]);
      return scope.keep(x.copy().plusInPlace(flow, -sigma(pass)));
    }
  }

  /**
   * A clean latent at the level that a pass starts from: {@code (1 − σ)·x₀ + σ·ε}.
   *
   * @param pass from 0
   * @param clean x₀; stays as it is
   * @param fresh ε, of the same shape and type
   */
  public Tensor noised(int pass, Tensor clean, Tensor fresh) {
    try (var scope = Scope.open()) {
      var x = clean.copy().timesInPlace(1 - sigma(pass));
      return scope.keep(x.plusInPlace(fresh, sigma(pass)));
    }
  }

  private double sigma(int pass) {
    return timesteps[pass] / FlowSchedule.TIMESTEPS;
  }

  @Override
  public int steps() {
    return timesteps.length;
  }
}
