package dev.longtake.wan;

import dev.longtake.nn.AttentionSpan;
import dev.longtake.nn.FusedOps;
import dev.longtake.nn.Linear;
import dev.longtake.nn.Operand;
import dev.longtake.nn.Projection;
import dev.longtake.nn.RmsNorm;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.List;

/** Attention of video tokens to the prompt, without positions and without a mask. */
record CrossAttention(
    FusedOps ops,
    int heads,
    Projection q,
    Linear k,
    Linear v,
    Projection o,
    RmsNorm normQ,
    RmsNorm normK) {

  /** One layer's view of a prompt. */
  record Keys(@Axes("B T H d") Tensor keys, @Axes("B T H d") Tensor values) {
    /** Batches as one, one after the other. */
    static Keys cat(List<Keys> batches) {
      return new Keys(
          Tensor.cat(batches.stream().map(Keys::keys).toList(), 0),
          Tensor.cat(batches.stream().map(Keys::values).toList(), 0));
    }
  }

  /** The prompt's keys and values are read once, so their layers stay as they are stored. */
  static CrossAttention of(Weights weights, WanConfig config, FusedOps ops) {
    int dim = config.dim();
    return new CrossAttention(
        ops,
        config.numHeads(),
        ops.linear(weights.at("q"), dim, dim),
        Linear.of(weights.at("k"), dim, dim),
        Linear.of(weights.at("v"), dim, dim),
        ops.linear(weights.at("o"), dim, dim),
        RmsNorm.of(weights.at("norm_q"), dim, WanConfig.EPS),
        RmsNorm.of(weights.at("norm_k"), dim, WanConfig.EPS));
  }

  /** Keys and values of a prompt; the same for every pass. */
  Keys read(@Axes("B T D") Tensor context) {
    try (var scope = Scope.open()) {
      long batch = context.size(0);
      long tokens = context.size(1);
      var keys = normK.forward(k.forward(context)).reshape(batch, tokens, heads, -1);
      var values = v.forward(context).reshape(batch, tokens, heads, -1);
      return new Keys(scope.keep(keys), scope.keep(values));
    }
  }

  @Axes("B F P D")
  Tensor forward(@Axes("B F P D") Operand x, Keys prompt) {
    try (var scope = Scope.open()) {
      var queries = ops.byHead(normQ, q.forward(x), heads);
      var seen = AttentionSpan.attend(queries, prompt.keys(), prompt.values());
      return scope.keep(o.forward(ops.operand(seen.reshape(x.values().shape()))));
    }
  }
}
