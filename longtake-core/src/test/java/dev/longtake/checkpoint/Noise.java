package dev.longtake.checkpoint;

import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Tensor;
import java.util.Arrays;
import java.util.Random;

/** Tensors of any bits at all, those of no number included. */
final class Noise {
  private Noise() {}

  static Tensor of(Random random, Dtype dtype, long... shape) {
    long count = Arrays.stream(shape).reduce(1, Math::multiplyExact);
    byte[] bytes = new byte[(int) count * dtype.bytes()];
    random.nextBytes(bytes);
    if (dtype == Dtype.BOOL) {
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] &= 1;
      }
    }
    return Tensor.ofBytes(bytes, dtype, shape);
  }
}
