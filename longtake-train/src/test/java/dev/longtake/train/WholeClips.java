package dev.longtake.train;

import dev.longtake.nn.Weights;
import dev.longtake.optim.FlatParameters;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.wan.Prompt;
import dev.longtake.wan.WanTransformer;
import java.util.List;
import java.util.stream.IntStream;

/** A tiny transformer whose text is given as states, and clips for it. */
record WholeClips(FlatParameters flat, Weights weights, WanTransformer model)
    implements AutoCloseable {
  static final int FRAMES = 6;
  static final int CLIPS = 2;

  static WholeClips of(long seed) {
    var flat = Tiny.causalParameters(seed);
    var weights = Weights.from(flat);
    return new WholeClips(flat, weights, Tiny.Causal.of(weights).model());
  }

  /** Random latents and text states, owned by the caller's scope. */
  static VideoBatch batch(long seed) {
    try (var scope = Scope.open();
        var rng = Rng.seeded(seed, Device.CPU)) {
      return new VideoBatch(
          scope.keep(rng.normal(Dtype.FLOAT32, CLIPS, Tiny.CHANNELS, FRAMES, Tiny.SIDE, Tiny.SIDE)),
          scope.keep(rng.normal(Dtype.FLOAT32, CLIPS, 4, Tiny.WAN.textDim())));
    }
  }

  static Rng rng() {
    return Rng.seeded(3, Device.CPU);
  }

  static int[] positions(int from, int to) {
    return IntStream.range(from, to).toArray();
  }

  Prompt prompt(VideoBatch batch) {
    return model.read(batch.text());
  }

  double loss(Objective objective) {
    try (var scope = Scope.open();
        var rng = rng()) {
      return objective.at(0, rng).total().item();
    }
  }

  /** The names of transformer's weights that a backward pass does not reach. */
  List<String> unreached(Objective objective) {
    try (var scope = Scope.open();
        var rng = rng()) {
      flat.gradients().fill(0);
      objective.at(0, rng).total().backward();
      return flat.names().stream()
          .filter(name -> name.startsWith("transformer."))
          .filter(name -> flat.view(flat.gradients(), name).abs().max().item() == 0)
          .toList();
    }
  }

  @Override
  public void close() {
    weights.close();
    flat.close();
  }
}
