package dev.longtake.vae;

import dev.longtake.nn.Biased;
import dev.longtake.nn.ChannelNorm;
import dev.longtake.nn.FusedOps;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;

/** Norm, SiLU, causal convolution: half a residual block, and the whole of a head. */
record NormedConv(FusedOps ops, ChannelNorm norm, CausalConv conv) {

  /**
   * Under the indices that the published sequences give the two parts.
   *
   * @param normIndex index of the norm; SiLU follows it
   * @param convIndex index of the convolution
   */
  static NormedConv of(
      Weights weights, int normIndex, int convIndex, long in, long out, FusedOps ops) {
    return new NormedConv(
        ops,
        ChannelNorm.of(weights.at("" + normIndex), in, 3),
        CausalConv.of(weights.at("" + convIndex), in, out));
  }

  @Axes("B F Y X C")
  Tensor forward(@Axes("B F Y X C") Tensor x, Past past) {
    try (var scope = Scope.open()) {
      return scope.keep(conv.over(joined(Biased.of(x), past)));
    }
  }

  /** The same in the middle of a block: the steps before and after it may share the biases. */
  @Axes("B F Y X C")
  Biased forward(@Axes("B F Y X C") Biased x, Past past) {
    try (var scope = Scope.open()) {
      var seen = joined(x, past);
      return (ops.addsBiases() ? conv.unfinished(seen) : Biased.of(conv.over(seen))).keptBy(scope);
    }
  }

  /** Normed and activated, behind the past; where nothing is differentiated, right there. */
  private Tensor joined(Biased x, Past past) {
    if (Gradients.recording()) {
      return past.join(ops.normedSilu(norm, x.whole()), CausalConv.BACK);
    }
    return past.joinMade(x.values(), CausalConv.BACK, out -> ops.normedSiluInto(norm, x, out));
  }
}
