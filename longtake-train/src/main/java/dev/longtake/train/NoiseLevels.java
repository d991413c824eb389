package dev.longtake.train;

import dev.longtake.diffusion.FlowSchedule;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.Arrays;

/**
 * Noise levels drawn from the 1000 entries of the training table, each entry as likely as any
 * other. All FLOAT32 and of one shape.
 *
 * @param sigma σ, above 0 to 1
 * @param timestep 1000·σ, not rounded
 * @param weight how much the level counts, on average 1
 */
public record NoiseLevels(Tensor sigma, Tensor timestep, Tensor weight) {

  /**
   * Draws a level for each place.
   *
   * @param shift of the table, above 0
   */
  public static NoiseLevels drawn(Rng rng, double shift, LossWeight weight, long... shape) {
    try (var scope = Scope.open()) {
      var table = FlowSchedule.training(shift);
      long count = Arrays.stream(shape).reduce(1, Math::multiplyExact);
      var index = rng.integers(FlowSchedule.TIMESTEPS, count);
      return kept(scope, table, weight, index, shape);
    }
  }

  /**
   * Draws a level of at most {@code most} for each place.
   *
   * @param most highest σ, which the table must reach
   */
  public static NoiseLevels upTo(double most, Rng rng, double shift, long... shape) {
    try (var scope = Scope.open()) {
      var table = FlowSchedule.training(shift);
      long low = 0;
      for (float sigma : table.sigmas()) {
        low += sigma <= most ? 1 : 0;
      }
      if (low == 0) {
        throw new IllegalArgumentException(
            "no level of the table is as low as " + most + "; give 0 for none, or more");
      }
      long count = Arrays.stream(shape).reduce(1, Math::multiplyExact);
      var first = Tensor.of(new long[] {FlowSchedule.TIMESTEPS - low}, 1).to(rng.device());
      var index = rng.integers(low, count).plus(first); // the table descends
      return kept(scope, table, LossWeight.EVEN, index, shape);
    }
  }

  private static NoiseLevels kept(
      Scope scope, FlowSchedule table, LossWeight weight, Tensor index, long... shape) {
    Device device = index.device();
    var sigma = picked(table.sigmas(), index, device, shape);
    var weights =
        switch (weight) {
          case EVEN -> Tensor.full(1, Dtype.FLOAT32, device, shape);
          case BELL -> picked(table.weights(), index, device, shape);
        };
    return new NoiseLevels(
        scope.keep(sigma), scope.keep(sigma.times(FlowSchedule.TIMESTEPS)), scope.keep(weights));
  }

  private static Tensor picked(float[] table, Tensor index, Device device, long... shape) {
    return Tensor.of(table, table.length).to(device).gatherRows(0, index).reshape(shape);
  }
}
