package dev.longtake.nn;

import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What a convolution made, and its bias where that is still to be added: LibTorch adds it in a pass
 * of its own on a GPU, and the step that reads the result next can do it in passing.
 *
 * @param values [..., C]
 * @param bias [C], of the type of the values; absent where there is none to add
 */
public record Biased(Tensor values, @Nullable Tensor bias) {

  /** With nothing to add. */
  public static Biased of(Tensor values) {
    return new Biased(values, null);
  }

  /** The sum; the values themselves where there is nothing to add. */
  public Tensor whole() {
    return bias == null ? values : values.plus(bias);
  }

  /** Hands the tensors to the scope that encloses the given one. */
  public Biased keptBy(Scope scope) {
    scope.keep(values);
    if (bias != null) {
      scope.keep(bias);
    }
    return this;
  }
}
