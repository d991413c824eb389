package dev.longtake.wan;

import dev.longtake.nn.AttentionSpan;
import dev.longtake.nn.FusedOps;
import dev.longtake.nn.Operand;
import dev.longtake.nn.Projection;
import dev.longtake.nn.Projections;
import dev.longtake.nn.RmsNorm;
import dev.longtake.nn.Rotary;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.List;

/** Self-attention of video tokens: queries and keys normed over the whole width, then rotated. */
record SelfAttention(
    FusedOps ops, int heads, Projections qkv, Projection o, RmsNorm normQ, RmsNorm normK) {
  private static final List<String> NAMES = List.of("q", "k", "v");
  private static final int Q = 0;
  private static final int K = 1;
  private static final int V = 2;

  static SelfAttention of(Weights weights, WanConfig config, FusedOps ops) {
    int dim = config.dim();
    return new SelfAttention(
        ops,
        config.numHeads(),
        ops.linears(weights, NAMES, dim, dim),
        ops.linear(weights.at("o"), dim, dim),
        RmsNorm.of(weights.at("norm_q"), dim, WanConfig.EPS),
        RmsNorm.of(weights.at("norm_k"), dim, WanConfig.EPS));
  }

  /**
   * Attention of the last frames.
   *
   * @param asking those frames, A of them; the same as x if they are all
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
      var made =
          asking == x
              ? qkv.forward(x)
              : List.of(qkv.forward(Q, asking), qkv.forward(K, x), qkv.forward(V, x));
      var queries = ops.turnedAlone(normQ, made.get(Q), heads, own);
      var seen = seen(queries, made.get(K), made.get(V), rotary, span);
      return scope.keep(o.forward(ops.operand(seen.reshape(shape))));
    }
  }

  /** What queries see: keys and values are written where they are looked for, if there they may. */
  private @Axes("B L H d") Tensor seen(
      @Axes("B L H d") Tensor queries,
      @Axes("B F P D") Tensor k,
      @Axes("B F P D") Tensor v,
      Rotary rotary,
      AttentionSpan span) {
    var place = span.claim(k.size(1) * k.size(2)).orElse(null);
    if (place == null) {
      var keys = ops.turned(normK, k, heads, rotary);
      return span.attend(queries, keys.turned(), keys.raw(), v.reshape(keys.raw().shape()));
    }
    ops.turnedInto(normK, k, rotary, place);
    ops.copyInto(v, place.values());
    return place.attend(queries);
  }

  /** Leaves keys and values with a span; no query is made. */
  void leave(@Axes("B F P D") Operand x, Rotary rotary, AttentionSpan span) {
    try (var scope = Scope.open()) {
      var keys = ops.turned(normK, qkv.forward(K, x), heads, rotary);
      span.leave(keys.turned(), keys.raw(), qkv.forward(V, x).reshape(keys.raw().shape()));
    }
  }
}
