package dev.longtake.diffusion;

import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.Arrays;

/**
 * Follows the flow in straight steps: {@code x ← x + v·(σ' − σ)}. For models that were not
 * distilled.
 *
 * @param levels σ from 1 down to 0
 */
public record EulerSampler(float... levels) implements Sampler {

  /** Copies the levels; refuses ones that do not descend to 0. */
  public EulerSampler {
    levels = levels.clone();
    boolean falling = levels.length > 1 && levels[0] <= 1 && levels[levels.length - 1] == 0;
    for (int i = 1; i < levels.length; i++) {
      falling &= levels[i] < levels[i - 1];
    }
    if (!falling) {
      throw new IllegalArgumentException(
          "levels must descend from at most 1 to 0, not " + Arrays.toString(levels));
    }
  }

  /** A copy. */
  @Override
  public float[] levels() {
    return levels.clone();
  }

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
