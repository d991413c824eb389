package dev.longtake.wan;

import dev.longtake.nn.Init;
import dev.longtake.nn.LayerNorm;
import dev.longtake.nn.Linear;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Functional;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;

/** Latents to tokens and back: patches of 1 × 2 × 2. */
record Patches(
    int inDim,
    @Axes("D C 1 2 2") Tensor weight,
    Tensor bias,
    LayerNorm norm,
    @Axes("1 2 D") Tensor modulation,
    Linear head) {
  private static final int SIDE = WanConfig.PATCH;

  static Patches of(Weights weights, WanConfig config) {
    int dim = config.dim();
    int in = config.inDim();
    var headWeights = weights.at("head");
    return new Patches(
        in,
        weights.take("patch_embedding.weight", Init.XAVIER, dim, in, 1, SIDE, SIDE),
        weights.take("patch_embedding.bias", Init.ZEROS, dim),
        LayerNorm.plain(WanConfig.EPS),
        headWeights.take("modulation", Init.normal(1 / Math.sqrt(dim)), 1, 2, dim),
        Linear.of(headWeights.at("head"), Init.ZEROS, dim, (long) SIDE * SIDE * in));
  }

  /** Tokens of every frame, row by row. */
  @Axes("B F P D")
  Tensor embed(@Axes("B C F Y X") Tensor latents) {
    try (var scope = Scope.open()) {
      long batch = latents.size(0);
      long frames = latents.size(2);
      long rows = latents.size(3) / SIDE;
      long columns = latents.size(4) / SIDE;
      // A stride equal to the kernel makes the convolution a linear map of each patch.
      var patches =
          latents
              .permute(0, 2, 3, 4, 1) // B F Y X C
              .reshape(batch, frames, rows, SIDE, columns, SIDE, inDim)
              .permute(0, 1, 2, 4, 6, 3, 5) // B F y x C 2 2
              .reshape(batch, frames, rows * columns, -1);
      var dtype = latents.dtype();
      var flat = weight.reshape(weight.size(0), -1).to(dtype);
      return scope.keep(Functional.linear(patches, flat, bias.to(dtype)));
    }
  }

  /** Tokens back to latents, after a norm modulated by the timestep's embedding. */
  @Axes("B C F Y X")
  Tensor unembed(@Axes("B F P D") Tensor x, @Axes("B F D") Tensor time, long rows, long columns) {
    try (var scope = Scope.open()) {
      var at = time.to(x.dtype()).unsqueeze(2);
      var two = at.plus(modulation.to(x.dtype())).chunk(2, 2); // 2 × [B, F, 1, D]
      var tokens = head.forward(norm.forward(x).times(two.get(1).plus(1)).plus(two.get(0)));
      return scope.keep(
          tokens
              .reshape(x.size(0), x.size(1), rows, columns, SIDE, SIDE, inDim)
              .permute(0, 6, 1, 2, 4, 3, 5) // B C F y 2 x 2
              .reshape(x.size(0), inDim, x.size(1), rows * SIDE, columns * SIDE));
    }
  }
}
