package dev.longtake.train;

import dev.longtake.memory.Eviction;
import dev.longtake.memory.MemoryPolicy;
import dev.longtake.memory.SlowFast;
import dev.longtake.nn.Weights;
import dev.longtake.optim.AdamW;
import dev.longtake.optim.FlatParameters;
import dev.longtake.optim.RateSchedule;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.text.TokenIds;
import dev.longtake.text.Umt5Config;
import dev.longtake.text.Umt5Encoder;
import dev.longtake.vae.VaeConfig;
import dev.longtake.vae.WanVae;
import dev.longtake.wan.WanConfig;
import dev.longtake.wan.WanTransformer;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;

/** Models and footage so small that a training step takes milliseconds. */
final class Tiny {
  static final int CHANNELS = 2;
  static final int SIDE = 4; // latent rows and columns: four patches a frame
  static final WanConfig WAN = new WanConfig(16, 24, 8, 8, 5, CHANNELS, 2, 2);
  static final Umt5Config TEXT = Umt5Config.of(10, 8, 8, 12, 2, 1);
  static final VaeConfig VAE = VaeConfig.small(4, CHANNELS);

  /** 3 + 3 + 6 latent frames. */
  static final SlowFast MEMORY = new SlowFast(3, 3, 6, SlowFast.ALWAYS, 1, Eviction.REDUNDANT);

  private Tiny() {}

  /** A transformer with its text encoder. */
  record Causal(WanTransformer model, Umt5Encoder text) {
    static Causal of(Weights weights) {
      return new Causal(
          WanTransformer.of(weights.at("transformer"), WAN),
          Umt5Encoder.of(weights.at("text_encoder"), TEXT));
    }

    CausalObjective objective(Footage footage, Curriculum curriculum) {
      var config = new CausalObjective.Config(3, 1, 0.3, 0.1);
      return new CausalObjective(
          model, text, step -> curriculum.batch(footage, footage, step, 0), config, Dtype.FLOAT32);
    }
  }

  static FlatParameters causalParameters(long seed) {
    return drawn(seed, Causal::of);
  }

  static FlatParameters vaeParameters(long seed) {
    return drawn(seed, weights -> WanVae.of(VAE, weights).close());
  }

  /** Drawn anew throughout, since a fresh transformer predicts 0 whatever it is shown. */
  private static FlatParameters drawn(long seed, Consumer<Weights> build) {
    try (var scope = Scope.open();
        var rng = Rng.seeded(seed, Device.CPU);
        var drawn = Weights.random(rng, Dtype.FLOAT32)) {
      build.accept(drawn);
      var flat = FlatParameters.copyOf(drawn.taken(), Device.CPU);
      flat.values().plusInPlace(rng.normal(Dtype.FLOAT32, flat.count()), 0.2);
      return flat;
    }
  }

  /** Random latents of some videos, remembered under some policies. */
  static Footage footage(long seed, int videos, int frames, MemoryPolicy... policies) {
    try (var scope = Scope.open();
        var rng = Rng.seeded(seed, Device.CPU)) {
      var latents = rng.normal(Dtype.FLOAT32, videos, frames, CHANNELS, SIDE, SIDE);
      var ids = rng.integers(TEXT.vocab(), videos, WAN.textLen());
      var mask = Tensor.full(1, Dtype.INT64, Device.CPU, ids.shape());
      var traces =
          List.of(policies).stream()
              .map(
                  policy ->
                      MemoryTrace.of(
                          policy,
                          (a, b) -> Math.cos(a.first() - b.first()),
                          frames / CausalObjective.BLOCK,
                          CausalObjective.BLOCK))
              .toList();
      return new Footage(
          Scope.escape(latents),
          new TokenIds(Scope.escape(ids), Scope.escape(mask)),
          Collections.nCopies(videos, traces));
    }
  }

  /** Clips of random pixels, a function of the step. */
  static Tensor clip(long step) {
    try (var scope = Scope.open();
        var rng = Rng.seeded(Device.CPU, 77, step)) {
      return scope.keep(rng.uniform(Dtype.FLOAT32, 1, 3, 5, 16, 16).times(2).plus(-1));
    }
  }

  static TrainingConfig config(long steps, long logEvery, long saveEvery) {
    return new TrainingConfig(
        5,
        steps,
        new RateSchedule(1e-2, 2, steps, 0.1),
        new AdamW.Config(0.9, 0.99, 1e-8, 0.01),
        1,
        0.9,
        logEvery,
        saveEvery);
  }
}
