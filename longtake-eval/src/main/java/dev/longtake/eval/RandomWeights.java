package dev.longtake.eval;

import dev.longtake.nn.Init;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.Set;

/**
 * Weights for timing a network that need no files: drawn on the device, of the size fresh ones
 * have, but with nothing left at zero, where heads and biases start.
 *
 * @param rng drawn from in the order the network asks
 */
public record RandomWeights(Rng rng, Dtype dtype) implements Weights.Source {
  private static final double IN_PLACE_OF_ZERO = 0.02;

  @Override
  public Tensor read(String name, Init init, long... shape) {
    try (var scope = Scope.open()) {
      var start = init.equals(Init.ZEROS) ? Init.normal(IN_PLACE_OF_ZERO) : init;
      return scope.keep(start.draw(rng, shape).to(dtype));
    }
  }

  @Override
  public Set<String> names() {
    return Set.of();
  }
}
