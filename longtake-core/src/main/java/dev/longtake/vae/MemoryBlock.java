package dev.longtake.vae;

import dev.longtake.nn.Weights;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.List;

/**
 * A residual block of flat convolutions in which every frame sees the one before it: {@code relu(x
 * + conv(relu(conv(relu(conv([x, before]))))))}.
 */
record MemoryBlock(FlatConv first, FlatConv second, FlatConv third) {

  static MemoryBlock of(Weights weights, long width) {
    var conv = weights.at("conv");
    return new MemoryBlock(
        FlatConv.of(conv.at("0"), 2 * width, width),
        FlatConv.of(conv.at("2"), width, width),
        FlatConv.of(conv.at("4"), width, width));
  }

  @Axes("B F Y X C")
  Tensor forward(@Axes("B F Y X C") Tensor x, Past past) {
    try (var scope = Scope.open()) {
      var before = past.join(x, 1).narrow(1, 0, x.size(1));
      var seen = Tensor.cat(List.of(x, before), -1);
      var inner = second.forward(first.forward(seen).clampMin(0)).clampMin(0);
      return scope.keep(x.plus(third.forward(inner)).clampMin(0));
    }
  }
}
