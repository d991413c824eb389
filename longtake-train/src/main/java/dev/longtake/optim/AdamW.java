package dev.longtake.optim;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2) over flat parameters;
 * {@link FlatParameters#decayMask} says which of them are decayed.
 *
 * <p>With gradient g and update t from 1: {@code m ← β₁m + (1 − β₁)g}, {@code v ← β₂v + (1 −
 * β₂)g²}, {@code w ← w − rate·decay·w}, {@code w ← w − rate · m/(1 − β₁ᵗ) / (√(v/(1 − β₂ᵗ)) +
 * eps)}.
 */
public final class AdamW implements AutoCloseable {

  /**
   * The constants.
   *
   * @param beta1 decay of the first moment, 0 to below 1
   * @param beta2 decay of the second moment, 0 to below 1
   * @param eps added to the root of the second moment, above 0
   * @param weightDecay fraction of a weight taken off per unit of learning rate, at least 0
   */
  public record Config(double beta1, double beta2, double eps, double weightDecay) {
    /** Checks the ranges. */
    public Config {
      if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1 && eps > 0 && weightDecay >= 0)) {
        throw new IllegalArgumentException(
            "AdamW needs betas in [0, 1), eps above 0 and weight decay of at least 0, not "
                + beta1
                + ", "
                + beta2
                + ", "
                + eps
                + ", "
                + weightDecay);
      }
    }
  }

  private final Config config;
  private final Tensor first;
  private final Tensor second;
  private final Tensor decay;
  private long updates;

  /** Starts with moments at 0. */
  public AdamW(Config config, FlatParameters parameters) {
    this.config = config;
    try (var scope = Scope.open()) {
      Device device = parameters.values().device();
      first = Scope.escape(Tensor.zeros(Dtype.FLOAT32, device, parameters.count()));
      second = Scope.escape(Tensor.zeros(Dtype.FLOAT32, device, parameters.count()));
      decay = Scope.escape(parameters.decayMask());
    }
  }

  /**
   * One update from the accumulated gradients, which stay.
   *
   * @param rate learning rate, at least 0
   */
  public void step(FlatParameters parameters, double rate) {
    updates++;
    double unbiasFirst = 1 - Math.pow(config.beta1(), updates);
    double unbiasSecond = 1 - Math.pow(config.beta2(), updates);
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var gradients = parameters.gradients();
      var values = parameters.values();
      first.lerpInPlace(gradients, 1 - config.beta1());
      second
          .timesInPlace(config.beta2())
          .plusProductInPlace(gradients, gradients, 1 - config.beta2());
      if (config.weightDecay() > 0) {
        values.plusProductInPlace(values, decay, -rate * config.weightDecay());
      }
      var root = second.times(1 / unbiasSecond).sqrt().plus(config.eps());
      values.plusQuotientInPlace(first, root, -rate / unbiasFirst);
    }
  }

  /** How many updates were made. */
  public long updates() {
    return updates;
  }

  /** First moments, laid out like the parameters. */
  public Tensor first() {
    return first;
  }

  /** Second moments, laid out like the parameters. */
  public Tensor second() {
    return second;
  }

  /** Continues from saved moments. */
  public void restore(long savedUpdates, Tensor savedFirst, Tensor savedSecond) {
    updates = savedUpdates;
    first.copyFrom(savedFirst);
    second.copyFrom(savedSecond);
  }

  @Override
  public void close() {
    first.close();
    second.close();
    decay.close();
  }
}
