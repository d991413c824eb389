package dev.longtake.text;

import dev.longtake.nn.Init;
import dev.longtake.nn.Linear;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Functional;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;

/** {@code fc2(fc1(x) ⊙ gelu(gate(x)))}, GELU by its tanh approximation. */
public record Umt5FeedForward(Linear gate, Linear fc1, Linear fc2) {

  /** A part of named weights. */
  public static Umt5FeedForward of(Weights weights, Umt5Config config) {
    int dim = config.dim();
    int inner = config.dimFfn();
    var in = Init.normal(1 / Math.sqrt(dim));
    var out = Init.normal(1 / Math.sqrt(inner));
    return new Umt5FeedForward(
        Linear.unbiased(weights.at("gate.0"), in, dim, inner),
        Linear.unbiased(weights.at("fc1"), in, dim, inner),
        Linear.unbiased(weights.at("fc2"), out, inner, dim));
  }

  /** Same shape and type as x. */
  public Tensor forward(Tensor x) {
    try (var scope = Scope.open()) {
      return scope.keep(fc2.forward(fc1.forward(x).times(Functional.gelu(gate.forward(x)))));
    }
  }
}
