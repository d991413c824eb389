package dev.longtake.checkpoint;

import dev.longtake.tensor.Dtype;
import java.util.List;

/**
 * Where a tensor lies in a file.
 *
 * @param shape sizes, outermost first
 * @param begin the first byte, from the start of the file
 * @param end one past the last byte
 */
record TensorEntry(Dtype dtype, List<Long> shape, long begin, long end) {
  /** LibTorch's own limit on the number of axes. */
  static final int MOST_AXES = 64;

  long[] sizes() {
    return sizes(shape);
  }

  static long[] sizes(List<Long> shape) {
    return shape.stream().mapToLong(Long::longValue).toArray();
  }

  /**
   * The number of elements.
   *
   * @throws ArithmeticException if the sizes other than 0 multiply to 2⁶³ or more
   */
  static long count(List<Long> shape) {
    long product = 1;
    boolean empty = false;
    for (long size : shape) {
      // An axis of size 0 must not hide the overflow of the others from LibTorch's strides.
      product = Math.multiplyExact(product, Math.max(1, size));
      empty |= size == 0;
    }
    return empty ? 0 : product;
  }
}
