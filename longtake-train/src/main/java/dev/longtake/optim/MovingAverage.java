package dev.longtake.optim;

import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;

/**
 * The exponential moving average of the weights. Early on it averages over the steps so far, so
 * that the random start is soon forgotten.
 */
public final class MovingAverage implements AutoCloseable {
  private final double decay;
  private final Tensor average;

  /**
   * Starts as a copy.
   *
   * @param decay 0 to below 1
   */
  public MovingAverage(double decay, FlatParameters parameters) {
    if (!(decay >= 0 && decay < 1)) {
      throw new IllegalArgumentException("EMA decay must be in [0, 1), not " + decay);
    }
    this.decay = decay;
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      average = Scope.escape(parameters.values().copy());
    }
  }

  /**
   * Takes the current weights in.
   *
   * @param updates how many updates they have seen, from 1
   */
  public void update(FlatParameters parameters, long updates) {
    try (var off = Gradients.off()) {
      double now = Math.min(decay, (1.0 + updates) / (10.0 + updates));
      average.lerpInPlace(parameters.values(), 1 - now);
    }
  }

  /** Begins anew as a copy of the current weights. */
  public void restart(FlatParameters parameters) {
    average.copyFrom(parameters.values());
  }

  /** Takes the current weights in at the full decay, for a start that was not random. */
  public void follow(FlatParameters parameters) {
    try (var off = Gradients.off()) {
      average.lerpInPlace(parameters.values(), 1 - decay);
    }
  }

  /** The average, laid out like the parameters. */
  public Tensor average() {
    return average;
  }

  @Override
  public void close() {
    average.close();
  }
}
