package dev.longtake.nn;

import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What goes into a linear layer: activations as they are, or in eight bits with their scale.
 *
 * @param values [..., in], FLOAT8_E4M3 where there is a scale
 * @param scale FLOAT32: one number for all, or [rows, 1] with the leading axes of values as rows
 * @param arithmetic the type that the layer's result has
 */
public record Operand(Tensor values, @Nullable Tensor scale, Dtype arithmetic) {

  /** Activations as they are. */
  public static Operand of(Tensor values) {
    return new Operand(values, null, values.dtype());
  }

  /** The values as a table, [rows, in]. */
  Tensor rows() {
    return values.reshape(-1, values.size(-1));
  }

  /** The leading axes of values, with another width. */
  long[] shapeWith(long width) {
    var shape = values.shape();
    shape[shape.length - 1] = width;
    return shape;
  }

  /** Hands every tensor to the scope that encloses the given one. */
  Operand keptBy(Scope scope) {
    scope.keep(values);
    if (scale != null) {
      scope.keep(scale);
    }
    return this;
  }
}
