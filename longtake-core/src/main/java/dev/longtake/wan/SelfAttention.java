package dev.longtake.wan;

import dev.longtake.nn.AttentionSpan;
import dev.longtake.nn.Linear;
import dev.longtake.nn.RmsNorm;
import dev.longtake.nn.Rotary;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;

/** Self-attention of video tokens: queries and keys normed over the whole width, then rotated. */
record SelfAttention(
    int heads, Linear q, Linear k, Linear v, Linear o, RmsNorm normQ, RmsNorm normK) {

  static SelfAttention of(Weights weights, WanConfig config) {
    int dim = config.dim();
    return new SelfAttention(
        config.numHeads(),
        Linear.of(weights.at("q"), dim, dim),
        Linear.of(weights.at("k"), dim, dim),
        Linear.of(weights.at("v"), dim, dim),
        Linear.of(weights.at("o"), dim, dim),
        RmsNorm.of(weights.at("norm_q"), dim, WanConfig.EPS),
        RmsNorm.of(weights.at("norm_k"), dim, WanConfig.EPS));
  }

  @Axes("B F P D")
  Tensor forward(@Axes("B F P D") Tensor x, Rotary rotary, AttentionSpan span) {
    try (var scope = Scope.open()) {
      var queries = byHead(normQ.forward(q.forward(x)));
      var keys = byHead(normK.forward(k.forward(x)));
      var values = byHead(v.forward(x));
      var seen = span.attend(rotary.apply(queries), rotary.apply(keys), keys, values);
      return scope.keep(o.forward(seen.reshape(x.shape())));
    }
  }

  private @Axes("B L H d") Tensor byHead(@Axes("B F P D") Tensor x) {
    return x.reshape(x.size(0), x.size(1) * x.size(2), heads, -1);
  }
}
