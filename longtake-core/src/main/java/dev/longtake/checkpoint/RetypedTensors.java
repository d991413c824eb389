package dev.longtake.checkpoint;

import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;

/**
 * A file whose real numbers are read in another type.
 *
 * @param real that type
 */
record RetypedTensors(TensorFile file, Dtype real) implements TensorView {
  RetypedTensors {
    if (!real.isFloat()) {
      throw new IllegalArgumentException("weights are real numbers, not " + real);
    }
  }

  @Override
  public Dtype dtype(String name) {
    var dtype = file.dtype(name);
    return dtype.isFloat() ? real : dtype;
  }

  @Override
  public Tensor read(String name) {
    try (var scope = Scope.open()) {
      return scope.keep(file.read(name).to(dtype(name)));
    }
  }
}
