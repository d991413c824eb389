package dev.longtake.vae;

import dev.longtake.nn.Init;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Functional;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Three memory blocks; then rows and columns double, every frame becomes one or two by a linear map
 * of each pixel, and a convolution gives the next stage its width.
 *
 * @param grow [frames · C, C, 1, 1]: the channels of the first frame, then of the second
 * @param widen [out, C, 3, 3], without a bias
 */
record TinyStage(List<MemoryBlock> blocks, Tensor grow, Tensor widen) {
  static final int BLOCKS = 3;

  /**
   * A stage under its published numbers: blocks from {@code first}, a doubling without weights, the
   * linear map, the convolution.
   */
  static TinyStage of(Weights weights, int first, long width, long out, int frames) {
    var blocks =
        IntStream.range(first, first + BLOCKS)
            .mapToObj(i -> MemoryBlock.of(weights.at("" + i), width))
            .toList();
    return new TinyStage(
        blocks,
        weights
            .at("" + (first + BLOCKS + 1))
            .take("conv.weight", Init.FAN_IN, frames * width, width, 1, 1),
        weights.at("" + (first + BLOCKS + 2)).take("weight", Init.FAN_IN, out, width, 3, 3));
  }

  @Axes("B F Y X C")
  Tensor forward(@Axes("B f y x c") Tensor x, Past past) {
    try (var scope = Scope.open()) {
      var now = x;
      for (var block : blocks) {
        now = block.forward(now, past);
      }
      // A map of single pixels does the same before the doubling as after it, on a quarter of them.
      return scope.keep(Upsample.doubled(grown(now), widen, null));
    }
  }

  private Tensor grown(Tensor x) {
    try (var scope = Scope.open()) {
      long width = x.size(4);
      long frames = grow.size(0) / width;
      var matrix = grow.reshape(grow.size(0), width).to(x.dtype());
      return scope.keep(
          Functional.linear(x, matrix, null)
              .reshape(x.size(0), x.size(1), x.size(2), x.size(3), frames, width)
              .permute(0, 1, 4, 2, 3, 5)
              .reshape(x.size(0), frames * x.size(1), x.size(2), x.size(3), width));
    }
  }
}
