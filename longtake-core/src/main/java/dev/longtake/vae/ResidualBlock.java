package dev.longtake.vae;

import dev.longtake.nn.Biased;
import dev.longtake.nn.FusedOps;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Two causal convolutions beside a shortcut.
 *
 * @param shortcut brings x to the new width; absent where the width stays
 */
record ResidualBlock(
    FusedOps ops, NormedConv first, NormedConv second, @Nullable Pointwise shortcut)
    implements Layer {

  static ResidualBlock of(Weights weights, long in, long out, FusedOps ops) {
    var residual = weights.at("residual");
    return new ResidualBlock(
        ops,
        NormedConv.of(residual, 0, 2, in, out, ops),
        NormedConv.of(residual, 3, 6, out, out, ops),
        in == out ? null : Pointwise.of(weights.at("shortcut"), in, out, 3));
  }

  @Override
  public Tensor forward(Tensor x, Past past) {
    try (var scope = Scope.open()) {
      var half = first.forward(Biased.of(x), past);
      var branch = second.forward(half, past);
      half.values().close();
      return scope.keep(ops.summed(branch, shortcut == null ? x : shortcut.forward(x)));
    }
  }
}
