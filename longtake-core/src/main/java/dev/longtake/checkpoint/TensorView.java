package dev.longtake.checkpoint;

import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Tensor;
import java.util.Map;
import java.util.Set;

/** A file seen otherwise: whatever a view does not say anew is the file's own. */
public interface TensorView extends TensorFile {

  /** What is looked at; closing the view closes it. */
  TensorFile file();

  @Override
  default String description() {
    return file().description();
  }

  @Override
  default Set<String> names() {
    return file().names();
  }

  @Override
  default Dtype dtype(String name) {
    return file().dtype(name);
  }

  @Override
  default long[] shape(String name) {
    return file().shape(name);
  }

  @Override
  default Tensor read(String name) {
    return file().read(name);
  }

  @Override
  default Map<String, String> metadata() {
    return file().metadata();
  }

  @Override
  default void close() {
    file().close();
  }
}
