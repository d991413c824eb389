package dev.longtake.text;

import dev.longtake.nn.RmsNorm;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;

/**
 * One UMT5 layer: attention and feed-forward, each a residual branch of a normed input.
 *
 * <p>Axes: B batch, L tokens, D model width.
 */
public record Umt5Block(
    RmsNorm attentionNorm,
    Umt5Attention attention,
    RelativePositions positions,
    RmsNorm ffnNorm,
    Umt5FeedForward ffn) {

  /** Just inside FLOAT16's largest value, 65504. */
  private static final double HALF_LIMIT = 64504;

  /** A part of named weights. */
  public static Umt5Block of(Weights weights, Umt5Config config) {
    return new Umt5Block(
        RmsNorm.of(weights.at("norm1"), config.dim(), Umt5Encoder.EPS),
        Umt5Attention.of(weights.at("attn"), config),
        RelativePositions.of(weights.at("pos_embedding"), config),
        RmsNorm.of(weights.at("norm2"), config.dim(), Umt5Encoder.EPS),
        Umt5FeedForward.of(weights.at("ffn"), config));
  }

  /**
   * Carries the tokens through this layer.
   *
   * @param buckets bucket of each query and key
   * @param seen BOOL: which keys are tokens of the prompt
   */
  public @Axes("B L D") Tensor forward(
      @Axes("B L D") Tensor x, @Axes("L L") Tensor buckets, @Axes("B 1 1 L") Tensor seen) {
    try (var scope = Scope.open()) {
      var dtype = x.dtype();
      var never = Tensor.full(minimum(dtype), dtype, x.device());
      var bias = positions.bias(buckets, dtype).where(seen, never); // [B, H, L, L]

      var attended = limited(x.plus(attention.forward(attentionNorm.forward(x), bias)));
      return scope.keep(limited(attended.plus(ffn.forward(ffnNorm.forward(attended)))));
    }
  }

  /** The residual stream of the published weights leaves FLOAT16's range; no other type's. */
  private static Tensor limited(Tensor x) {
    return x.dtype() == Dtype.FLOAT16 ? x.clamp(-HALF_LIMIT, HALF_LIMIT) : x;
  }

  /** The type's most negative finite value: unlike −∞ it keeps a row of only such keys finite. */
  private static double minimum(Dtype dtype) {
    return switch (dtype) {
      case FLOAT64 -> -Double.MAX_VALUE;
      case FLOAT32 -> -Float.MAX_VALUE;
      case BFLOAT16 -> -0x1.fep127;
      case FLOAT16 -> -65504;
      default -> throw new IllegalArgumentException("text states cannot be of type " + dtype);
    };
  }
}
