package dev.longtake.vae;

import dev.longtake.tensor.Functional;
import dev.longtake.tensor.Tensor;

/**
 * Convolutions to few channels, such as the three colours. The matrix units of a GPU take channels
 * by eights, and a convolution to any other number is left to slower kernels: so it is made to
 * eight, of which the first are wanted.
 */
final class Eights {
  private static final int EIGHT = 8;

  private Eights() {}

  /** A weight [out, ...] or bias [out] with zeros behind, up to a multiple of eight; or itself. */
  static Tensor filled(Tensor parameter) {
    long missing = Math.floorMod(-parameter.size(0), (long) EIGHT);
    if (missing == 0) {
      return parameter;
    }
    long[] beforeAfter = new long[2 * parameter.rank()]; // innermost axis first
    beforeAfter[beforeAfter.length - 1] = missing;
    return Functional.pad(parameter, beforeAfter);
  }

  /** The first channels of the last axis, lying together; x itself where there are no more. */
  static Tensor first(Tensor x, long channels) {
    return x.size(-1) == channels ? x : x.narrow(x.rank() - 1, 0, channels).contiguous();
  }
}
