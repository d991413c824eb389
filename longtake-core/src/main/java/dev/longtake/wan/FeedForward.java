package dev.longtake.wan;

import static dev.longtake.tensor.Functional.gelu;

import dev.longtake.nn.Linear;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;

/** Two linear layers with GELU (tanh) between. */
record FeedForward(Linear up, Linear down) {

  static FeedForward of(Weights weights, WanConfig config) {
    return new FeedForward(
        Linear.of(weights.at("0"), config.dim(), config.ffnDim()),
        Linear.of(weights.at("2"), config.ffnDim(), config.dim()));
  }

  Tensor forward(Tensor x) {
    try (var scope = Scope.open()) {
      return scope.keep(down.forward(gelu(up.forward(x))));
    }
  }
}
