package dev.longtake.wan;

import static dev.longtake.tensor.Functional.silu;

import dev.longtake.nn.Linear;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.List;

/**
 * Timesteps as vectors: a sinusoid, two layers, and one more for the six modulations of a block.
 *
 * @param freqDim width of the sinusoid
 */
record TimeEmbedding(int freqDim, Linear first, Linear second, Linear projection) {
  private static final double BASE = 10000;

  static TimeEmbedding of(Weights weights, WanConfig config) {
    int dim = config.dim();
    return new TimeEmbedding(
        config.freqDim(),
        Linear.of(weights.at("time_embedding.0"), config.freqDim(), dim),
        Linear.of(weights.at("time_embedding.2"), dim, dim),
        Linear.of(weights.at("time_projection.1"), dim, 6L * dim));
  }

  /** The embedding e of each frame's timestep (0..1000), which modulates the head. */
  @Axes("B F D")
  Tensor embed(@Axes("B F") Tensor timesteps, Dtype dtype) {
    try (var scope = Scope.open()) {
      var wave = sinusoid(timesteps).to(dtype);
      return scope.keep(second.forward(silu(first.forward(wave))));
    }
  }

  /** The six vectors e0 of each frame, which modulate the blocks. */
  @Axes("B F 6 D")
  Tensor project(@Axes("B F D") Tensor embedded) {
    try (var scope = Scope.open()) {
      var six = projection.forward(silu(embedded));
      return scope.keep(six.reshape(six.size(0), six.size(1), 6, -1));
    }
  }

  /** Cosines, then sines, of {@code t · 10000^(−2i/freqDim)}, in double precision. */
  private Tensor sinusoid(Tensor timesteps) {
    int half = freqDim / 2;
    var frequencies =
        Tensor.range(half, Dtype.FLOAT64, timesteps.device()).times(-Math.log(BASE) / half).exp();
    var angles = timesteps.to(Dtype.FLOAT64).unsqueeze(-1).times(frequencies);
    return Tensor.cat(List.of(angles.cos(), angles.sin()), -1);
  }
}
