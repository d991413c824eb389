package dev.longtake.wan;

import dev.longtake.nn.AttentionSpan;
import dev.longtake.nn.FusedOps;
import dev.longtake.nn.Init;
import dev.longtake.nn.LayerNorm;
import dev.longtake.nn.Modulation;
import dev.longtake.nn.Passage;
import dev.longtake.nn.Rotary;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.List;

/**
 * One layer: self-attention, attention to the prompt and feed-forward, each a residual branch; the
 * first and the last are modulated by the frame's timestep. The sum that the branches are added to
 * has a wider type than they do: rounded after each of three branches in thirty layers, BFLOAT16
 * would lose four times as much.
 */
record WanBlock(
    FusedOps ops,
    LayerNorm norm1,
    SelfAttention selfAttention,
    LayerNorm norm3,
    CrossAttention crossAttention,
    LayerNorm norm2,
    FeedForward ffn,
    @Axes("1 6 D") Tensor modulation) {

  static WanBlock of(Weights weights, WanConfig config, FusedOps ops) {
    int dim = config.dim();
    return new WanBlock(
        ops,
        LayerNorm.plain(WanConfig.EPS),
        SelfAttention.of(weights.at("self_attn"), config, ops),
        LayerNorm.affine(weights.at("norm3"), dim, WanConfig.EPS),
        CrossAttention.of(weights.at("cross_attn"), config, ops),
        LayerNorm.plain(WanConfig.EPS),
        FeedForward.of(weights.at("ffn"), config, ops),
        weights.take("modulation", Init.normal(1 / Math.sqrt(dim)), 1, 6, dim));
  }

  /** {@link #forward} as a part of a passage. */
  @Axes("B F P D")
  Tensor through(
      Passage passage,
      @Axes("B F P D") Tensor x,
      @Axes("B F 6 D") Tensor time,
      CrossAttention.Keys prompt,
      Rotary rotary,
      AttentionSpan span,
      long asked) {
    var seen = passage.lasting(span);
    return passage.through(
        in ->
            forward(
                in[0],
                in[1],
                new CrossAttention.Keys(in[2], in[3]),
                new Rotary(in[4]),
                seen,
                asked),
        x,
        time,
        prompt.keys(),
        prompt.values(),
        rotary.rotation());
  }

  /**
   * Carries the video tokens through this layer.
   *
   * @param time per frame: shift, scale and gate of self-attention, then of feed-forward
   * @param asked A, how many frames, from the end, are asked for; the others lend their keys
   */
  @Axes("B A P D")
  Tensor forward(
      @Axes("B F P D") Tensor x,
      @Axes("B F 6 D") Tensor time,
      CrossAttention.Keys prompt,
      Rotary rotary,
      AttentionSpan span,
      long asked) {
    try (var scope = Scope.open()) {
      var six = six(time);
      var onAll = new Modulation(six.get(0), six.get(1), six.get(2));
      var onSelf = onAll.last(asked);
      var onFfn = new Modulation(six.get(3), six.get(4), six.get(5)).last(asked);

      var all = ops.modulated(norm1, x, onAll);
      boolean whole = asked == x.size(1);
      var own = whole ? x : x.narrow(1, x.size(1) - asked, asked);
      var asking = whole ? all : ops.modulated(norm1, own, onSelf);

      var attended = selfAttention.forward(asking, all, rotary, span);
      var afterSelf = ops.gatedThenNormed(own, attended, onSelf, norm3);

      var told = crossAttention.forward(afterSelf.normed(), prompt);
      var afterText = ops.addedThenModulated(afterSelf.sum(), told, norm2, onFfn);

      var fed = ffn.forward(afterText.normed());
      return scope.keep(ops.gated(afterText.sum(), fed, onFfn));
    }
  }

  /** Leaves the keys and values of the video tokens with a span, and goes no further. */
  void leave(
      @Axes("B F P D") Tensor x, @Axes("B F 6 D") Tensor time, Rotary rotary, AttentionSpan span) {
    try (var scope = Scope.open()) {
      var six = six(time);
      var by = new Modulation(six.get(0), six.get(1), six.get(2));
      selfAttention.leave(ops.modulated(norm1, x, by), rotary, span);
    }
  }

  /** 6 × [B, F, 1, D]. */
  private List<Tensor> six(Tensor time) {
    return time.plus(modulation.to(time.dtype())).chunk(6, 2);
  }
}
