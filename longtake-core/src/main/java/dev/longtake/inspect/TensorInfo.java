package dev.longtake.inspect;

import dev.longtake.checkpoint.TensorFile;
import dev.longtake.tensor.Dtype;
import java.util.Arrays;
import java.util.List;

/**
 * A tensor as its file's header describes it.
 *
 * @param name in the file
 * @param dtype of its elements
 * @param shape sizes, outermost first
 */
public record TensorInfo(String name, Dtype dtype, List<Long> shape) {
  /** Copies the shape. */
  public TensorInfo {
    shape = List.copyOf(shape);
  }

  /** Every tensor of a file, in its order. */
  public static List<TensorInfo> all(TensorFile file) {
    return file.names().stream()
        .map(
            name ->
                new TensorInfo(
                    name, file.dtype(name), Arrays.stream(file.shape(name)).boxed().toList()))
        .toList();
  }

  /** How many elements it has. */
  public long count() {
    return shape.stream().reduce(1L, Math::multiplyExact);
  }

  /** How many bytes its elements take. */
  public long bytes() {
    return count() * dtype.bytes();
  }
}
