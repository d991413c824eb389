package dev.longtake.checkpoint;

import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.Map;
import java.util.Set;

/**
 * A file whose real numbers are read in another type.
 *
 * @param real that type
 */
record RetypedTensors(TensorFile file, Dtype real) implements TensorFile {
  RetypedTensors {
    if (!real.isFloat()) {
      throw new IllegalArgumentException("weights are real numbers, not " + real);
    }
  }

  @Override
  public String description() {
    return file.description();
  }

  @Override
  public Set<String> names() {
    return file.names();
  }

  @Override
  public Dtype dtype(String name) {
    var dtype = file.dtype(name);
    return dtype.isFloat() ? real : dtype;
  }

  @Override
  public long[] shape(String name) {
    return file.shape(name);
  }

  @Override
  public Tensor read(String name) {
    try (var scope = Scope.open()) {
      return scope.keep(file.read(name).to(dtype(name)));
    }
  }

  @Override
  public Map<String, String> metadata() {
    return file.metadata();
  }

  @Override
  public void close() {
    file.close();
  }
}
