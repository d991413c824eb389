package dev.longtake.wan;

import dev.longtake.nn.Weights;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;

/**
 * A transformer of a few thousand random weights. None is left at 0 or 1, where fresh ones start: a
 * fresh transformer predicts 0 whatever it is shown.
 */
public record TinyWan(WanTransformer model, Weights weights, Tensor states)
    implements AutoCloseable {
  /** Latent channels. */
  public static final int CHANNELS = 2;

  /** Two layers of two heads, each 8 wide. */
  public static final WanConfig CONFIG = new WanConfig(16, 24, 8, 6, 5, CHANNELS, 2, 2);

  /** The model of a seed. */
  public static TinyWan drawn(long seed) {
    try (var scope = Scope.open();
        var rng = Rng.seeded(seed, Device.CPU)) {
      var weights = Weights.random(rng, Dtype.FLOAT32);
      var model = WanTransformer.of(weights, CONFIG);
      weights
          .taken()
          .values()
          .forEach(weight -> weight.plusInPlace(rng.normal(Dtype.FLOAT32, weight.shape()), 0.3));
      var states = Scope.escape(rng.normal(Dtype.FLOAT32, 1, 4, CONFIG.textDim()));
      return new TinyWan(model, weights, states);
    }
  }

  /** One prompt, read anew, owned by the caller's scope. */
  public Prompt prompt() {
    return model.read(states);
  }

  @Override
  public void close() {
    weights.close();
    states.close();
  }
}
