package dev.longtake.nn;

import dev.longtake.tensor.Tensor;

/** {@code x Wᵀ + b}, whatever the weights are held as. */
public sealed interface Projection permits Linear, EightBitLinear {

  /** Maps [..., in] to [..., out]; the caller's scope owns the result. */
  Tensor forward(Operand x);

  /** The same from activations as they are. */
  default Tensor forward(Tensor x) {
    return forward(Operand.of(x));
  }
}
