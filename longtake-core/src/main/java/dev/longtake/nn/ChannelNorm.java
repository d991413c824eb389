package dev.longtake.nn;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Functional;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.Arrays;

/**
 * {@code √C · x / ‖x‖ · gamma}, the norm taken over the channels of each pixel. Axes: B batch, F
 * frames, Y rows, X columns, C channels.
 *
 * @param gamma [C, 1, 1, 1], or [C, 1, 1] in attention
 */
public record ChannelNorm(Tensor gamma) {
  /** Keeps 0 at 0; the square of the published bound on the norm. */
  static final double EPS = 1e-24;

  /**
   * LibTorch's fused kernels are made for long rows: below this width on a GPU they take longer
   * than the convolutions beside them (C = 16 on an H200: 1.9 ms, the product below 0.4 ms).
   */
  private static final int NARROW = 64;

  /** Fresh weights start at 1; they have as many axes of size 1 as the published ones. */
  public static ChannelNorm of(Weights weights, long channels, int ones) {
    long[] shape = new long[1 + ones];
    Arrays.fill(shape, 1);
    shape[0] = channels;
    return new ChannelNorm(weights.take("gamma", Init.ONES, shape));
  }

  /** Same shape and type as x. */
  public @Axes("B F Y X C") Tensor forward(@Axes("B F Y X C") Tensor x) {
    try (var scope = Scope.open()) {
      long channels = x.size(-1);
      var scale = gamma.reshape(channels).to(x.dtype());
      boolean squaresFit = x.dtype() != Dtype.FLOAT16;
      if (channels >= NARROW || Processor.singleOn(x) || !squaresFit) {
        return scope.keep(Functional.rmsNorm(x, scale, EPS));
      }
      // The mean square of a pixel as a matrix product puts it at every channel, so that all that
      // remains is elementwise over whole rows.
      var share = Tensor.full(1.0 / channels, x.dtype(), x.device(), channels, channels);
      var eps = Tensor.full(EPS, x.dtype(), x.device(), channels);
      var scatter = Functional.linear(x.square(), share, eps).rsqrt();
      return scope.keep(x.times(scatter).times(scale));
    }
  }
}
