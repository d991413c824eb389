package dev.longtake.text;

import dev.longtake.nn.Init;
import dev.longtake.nn.Linear;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Functional;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;

/**
 * Attention over a prompt's tokens: {@code softmax(q kᵀ + bias) v}, without T5's missing 1/√d,
 * which its first weights make up for.
 *
 * <p>Axes: B batch, L tokens, D model width, H heads, d head width.
 */
public record Umt5Attention(Linear q, Linear k, Linear v, Linear o, int heads) {

  /** A part of named weights. */
  public static Umt5Attention of(Weights weights, Umt5Config config) {
    int dim = config.dim();
    int inner = config.dimAttention();
    var unit = Init.normal(1 / Math.sqrt(dim));
    var scaled = Init.normal(1 / Math.sqrt((double) dim * config.headWidth()));
    return new Umt5Attention(
        Linear.unbiased(weights.at("q"), scaled, dim, inner),
        Linear.unbiased(weights.at("k"), unit, dim, inner),
        Linear.unbiased(weights.at("v"), unit, dim, inner),
        Linear.unbiased(weights.at("o"), Init.normal(1 / Math.sqrt(inner)), inner, dim),
        config.heads());
  }

  /**
   * Mixes tokens.
   *
   * @param bias added to the logits, broadcast to [B, H, L, L], in the type of x
   */
  public @Axes("B L D") Tensor forward(@Axes("B L D") Tensor x, Tensor bias) {
    try (var scope = Scope.open()) {
      var logits = split(q.forward(x)).matmul(split(k.forward(x)).transpose(2, 3)).plus(bias);
      var shares = Functional.softmax(logits, -1, Dtype.FLOAT32).to(x.dtype()); // [B, H, L, L]
      var mixed = shares.matmul(split(v.forward(x))).transpose(1, 2); // [B, L, H, d]
      return scope.keep(o.forward(mixed.reshape(x.size(0), x.size(1), -1)));
    }
  }

  private @Axes("B H L d") Tensor split(@Axes("B L D") Tensor x) {
    return x.reshape(x.size(0), x.size(1), heads, -1).transpose(1, 2);
  }
}
