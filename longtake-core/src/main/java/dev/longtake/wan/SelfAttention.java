package dev.longtake.wan;

import dev.longtake.nn.AttentionSpan;
import dev.longtake.nn.FusedOps;
import dev.longtake.nn.Operand;
import dev.longtake.nn.Projection;
import dev.longtake.nn.RmsNorm;
import dev.longtake.nn.Rotary;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;

/** Self-attention of video tokens: queries and keys normed over the whole width, then rotated. */
record SelfAttention(
    FusedOps ops,
    int heads,
    Projection q,
    Projection k,
    Projection v,
    Projection o,
    RmsNorm normQ,
    RmsNorm normK) {

  static SelfAttention of(Weights weights, WanConfig config, FusedOps ops) {
    int dim = config.dim();
    return new SelfAttention(
        ops,
        config.numHeads(),
        ops.linear(weights.at("q"), dim, dim),
        ops.linear(weights.at("k"), dim, dim),
        ops.linear(weights.at("v"), dim, dim),
        ops.linear(weights.at("o"), dim, dim),
        RmsNorm.of(weights.at("norm_q"), dim, WanConfig.EPS),
        RmsNorm.of(weights.at("norm_k"), dim, WanConfig.EPS));
  }

  /**
   * Attention of the last frames.
   *
   * @param asking those frames, A of them
   * @param x all frames of the pass
   */
  @Axes("B A P D")
  Tensor forward(
      @Axes("B A P D") Operand asking,
      @Axes("B F P D") Operand x,
      Rotary rotary,
      AttentionSpan span) {
    try (var scope = Scope.open()) {
      var shape = asking.values().shape();
      var own = rotary.last(shape[1] * shape[2]);
      var queries = ops.turnedAlone(normQ, q.forward(asking), heads, own);
      var keys = keys(x, rotary);
      var values = values(x, keys);
      var seen = span.attend(queries, keys.turned(), keys.raw(), values);
      return scope.keep(o.forward(ops.operand(seen.reshape(shape))));
    }
  }

  /** Leaves keys and values with a span; no query is made. */
  void leave(@Axes("B F P D") Operand x, Rotary rotary, AttentionSpan span) {
    try (var scope = Scope.open()) {
      var keys = keys(x, rotary);
      span.leave(keys.turned(), keys.raw(), values(x, keys));
    }
  }

  private FusedOps.Turned keys(Operand x, Rotary rotary) {
    return ops.turned(normK, k.forward(x), heads, rotary);
  }

  private Tensor values(Operand x, FusedOps.Turned beside) {
    return v.forward(x).reshape(beside.raw().shape());
  }
}
