package dev.longtake.wan;

import dev.longtake.nn.FusedOps;
import dev.longtake.nn.Operand;
import dev.longtake.nn.Projection;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;

/** Two linear layers with GELU (tanh) between. */
record FeedForward(FusedOps ops, Projection up, Projection down) {

  static FeedForward of(Weights weights, WanConfig config, FusedOps ops) {
    return new FeedForward(
        ops,
        ops.linear(weights.at("0"), config.dim(), config.ffnDim()),
        ops.linear(weights.at("2"), config.ffnDim(), config.dim()));
  }

  Tensor forward(Operand x) {
    try (var scope = Scope.open()) {
      return scope.keep(down.forward(ops.gelu(up, x)));
    }
  }
}
