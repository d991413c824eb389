package dev.longtake.diffusion;

import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;

/**
 * Follows the flow in straight steps: {@code x ← x + v·(σ' − σ)}. For models that were not
 * distilled.
 *
 * @param levels σ from 1 down to 0
 */
public record EulerSampler(float... levels) implements Sampler {

  @Override
  public Tensor sample(Denoiser denoiser, Tensor noise, Rng rng) {
    try (var scope = Scope.open()) {
      var x = noise.copy();
      for (int i = 0; i < steps(); i++) {
        try (var step = Scope.open()) {
          var flow = denoiser.flow(x, levels[i] * FlowSchedule.TIMESTEPS);
          x.plusInPlace(flow, levels[i + 1] - levels[i]);
        }
      }
      return scope.keep(x);
    }
  }

  @Override
  public int steps() {
    return levels.length - 1;
  }
}
