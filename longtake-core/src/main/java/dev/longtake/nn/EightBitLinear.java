package dev.longtake.nn;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Functional;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;

/**
 * {@code x Wᵀ + b} with both factors in eight bits. A GPU multiplies the eight bits themselves; a
 * processor multiplies the same numbers in FLOAT32, so that what they cost in accuracy can be seen
 * anywhere. For inference: nothing is differentiated.
 *
 * @param weight FLOAT8_E4M3 [out, in]
 * @param scale FLOAT32, one number or [1, out]
 * @param bias [out]
 * @param format of the activations, and of the weights
 */
record EightBitLinear(Tensor weight, Tensor scale, Tensor bias, LinearFormat format)
    implements Projection {

  /** From a layer just taken, whose weight is freed. */
  static EightBitLinear of(Weights weights, Linear whole, LinearFormat format) {
    var bias = whole.bias();
    if (bias == null) {
      throw new IllegalArgumentException("a layer without bias has no form in eight bits");
    }
    try (var scope = Scope.open()) {
      var eights = format.operand(whole.weight());
      var scale = eights.scale();
      if (scale == null) {
        throw new IllegalArgumentException(format + " is no format of eight bits");
      }
      return new EightBitLinear(
          weights.replace("weight", eights.values()),
          weights.keepBeside(format == LinearFormat.FP8 ? scale : scale.reshape(1, -1)),
          bias,
          format);
    }
  }

  @Override
  public Tensor forward(Operand x) {
    try (var scope = Scope.open()) {
      var eights = x.scale() == null ? format.operand(x.values()) : x;
      var scaleX = eights.scale();
      if (scaleX == null) {
        throw new IllegalStateException(format + " made no scale");
      }
      var out =
          weight.device().kind() == Device.Kind.CUDA
              ? Functional.scaledLinear(
                  eights.rows(), scaleX, weight, scale, bias.to(Dtype.BFLOAT16))
              : emulated(eights.rows(), scaleX);
      return scope.keep(out.to(x.arithmetic()).reshape(x.shapeWith(weight.size(0))));
    }
  }

  private Tensor emulated(Tensor rows, Tensor scaleX) {
    var sums =
        Functional.linear(rows.to(Dtype.FLOAT32), weight.to(Dtype.FLOAT32), null); // [rows, out]
    return sums.times(scaleX).times(scale).plus(bias.to(Dtype.FLOAT32));
  }
}
