package dev.longtake.teacher;

import dev.longtake.nn.Weights;
import dev.longtake.optim.FlatParameters;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.train.VideoBatch;
import dev.longtake.wan.WanConfig;
import dev.longtake.wan.WanTransformer;

/** A transformer and batches, so small that a pass takes milliseconds. */
final class TinyTeacher {
  static final int CHANNELS = 2;
  static final int SIDE = 4;
  static final WanConfig WAN = new WanConfig(16, 24, 8, 8, 5, CHANNELS, 2, 1);
  static final Parts PARTS = new Parts(1, 1, 2, 3);
  static final ErrorBanks.Config BANKS =
      new ErrorBanks.Config(50, 5, 3, 64, Replacement.L2_BATCH, Dtype.FLOAT32);

  private TinyTeacher() {}

  /** The shape of an error of {@link #PARTS}. */
  static long[] error() {
    return new long[] {CHANNELS, PARTS.target(), SIDE, SIDE};
  }

  /** Drawn anew throughout, since a fresh transformer predicts 0 whatever it is shown. */
  static FlatParameters transformer(long seed) {
    try (var scope = Scope.open();
        var rng = Rng.seeded(seed, Device.CPU);
        var drawn = Weights.random(rng, Dtype.FLOAT32)) {
      WanTransformer.of(drawn, WAN);
      var flat = FlatParameters.copyOf(drawn.taken(), Device.CPU);
      flat.values().plusInPlace(rng.normal(Dtype.FLOAT32, flat.count()), 0.2);
      return flat;
    }
  }

  /** Random latents with captions, owned by the scope. */
  static ContextBatch batch(long seed, int samples, Parts parts) {
    try (var scope = Scope.open();
        var rng = Rng.seeded(seed, Device.CPU)) {
      var latents =
          scope.keep(rng.normal(Dtype.FLOAT32, samples, CHANNELS, parts.frames(), SIDE, SIDE));
      return kept(scope, of(latents, parts));
    }
  }

  private static ContextBatch kept(Scope scope, ContextBatch batch) {
    scope.keep(batch.frames().text());
    return batch;
  }

  /** Those latents with one text for all, owned by the scope. */
  static ContextBatch of(Tensor latents, Parts parts) {
    int samples = Math.toIntExact(latents.size(0));
    try (var scope = Scope.open();
        var rng = Rng.seeded(5, Device.CPU)) {
      var one = rng.normal(Dtype.FLOAT32, 1, WAN.textLen(), WAN.textDim());
      var text = scope.keep(one.expand(samples, -1, -1).contiguous());
      return new ContextBatch(new VideoBatch(latents, text), parts);
    }
  }

  /** An error of that value everywhere. */
  static PassErrors errors(int level, double noiseEnd, double cleanEnd, long... shape) {
    return new PassErrors(
        level,
        Tensor.full(noiseEnd, Dtype.FLOAT32, Device.CPU, shape),
        Tensor.full(cleanEnd, Dtype.FLOAT32, Device.CPU, shape));
  }
}
