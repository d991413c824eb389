package dev.longtake.checkpoint;

import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Tensor;
import java.util.List;

/**
 * A tensor of a {@code torch.save} archive: a strided view of a storage.
 *
 * @param shape sizes, outermost first
 * @param strides steps along each axis, in elements
 * @param begin the first element's byte, from the start of the file
 * @param span bytes from the first element to the end of the last
 * @param storage all bytes that it is a view of
 */
record PtTensor(
    Dtype dtype,
    List<Long> shape,
    List<Long> strides,
    long begin,
    long span,
    ZipDirectory.Region storage) {
  /** How much memory a view that repeats elements may ask for. */
  private static final long MOST_REPEATED_BYTES = 16L << 20;

  /**
   * Checks that the view stays inside its storage.
   *
   * @param offset of the first element in the storage, in elements
   * @param storage the storage's bytes in the file
   * @throws IllegalArgumentException saying what does not fit
   */
  static PtTensor of(
      Dtype dtype, long offset, List<Long> shape, List<Long> strides, ZipDirectory.Region storage) {
    if (shape.size() != strides.size() || shape.size() > TensorEntry.MOST_AXES) {
      throw new IllegalArgumentException("shape " + shape + " with strides " + strides);
    }
    if (offset < 0 || anyNegative(shape) || anyNegative(strides)) {
      throw new IllegalArgumentException(
          "negative numbers in offset " + offset + ", shape " + shape + " or strides " + strides);
    }
    try {
      long count = TensorEntry.count(shape);
      long bytes = Math.multiplyExact(count, dtype.bytes());
      long first = Math.multiplyExact(offset, dtype.bytes());
      long span = count == 0 ? 0 : Math.multiplyExact(reach(shape, strides), dtype.bytes());
      if (span > storage.length() || first > storage.length() - span) {
        throw new IllegalArgumentException(
            "a tensor needs "
                + Math.addExact(first, span)
                + " bytes of a storage of "
                + storage.length());
      }
      if (bytes > span && bytes > MOST_REPEATED_BYTES) {
        throw new IllegalArgumentException(
            "a tensor repeats " + span + " bytes until they are " + bytes);
      }
      return new PtTensor(
          dtype, List.copyOf(shape), List.copyOf(strides), storage.offset() + first, span, storage);
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException("shape " + shape + " with strides " + strides, e);
    }
  }

  /** One past the largest index that the view of at least one element touches. */
  private static long reach(List<Long> shape, List<Long> strides) {
    long reach = 1;
    for (int i = 0; i < shape.size(); i++) {
      reach = Math.addExact(reach, Math.multiplyExact(shape.get(i) - 1, strides.get(i)));
    }
    return reach;
  }

  private static boolean anyNegative(List<Long> numbers) {
    return numbers.stream().anyMatch(n -> n < 0);
  }

  long[] sizes() {
    return TensorEntry.sizes(shape);
  }

  /** A row-major copy out of the file. */
  Tensor read(MappedFile file) {
    long[] sizes = sizes();
    long[] steps = TensorEntry.sizes(strides);
    return span == 0 || Strided.isRowMajor(sizes, steps)
        ? file.tensor(begin, dtype, sizes)
        : file.tensor(begin, span, dtype, sizes, steps);
  }
}
