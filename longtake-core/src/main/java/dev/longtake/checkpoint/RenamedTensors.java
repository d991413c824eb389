package dev.longtake.checkpoint;

import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Tensor;
import java.util.Collections;
import java.util.Map;
import java.util.Set;

/**
 * A file whose tensors go by other names.
 *
 * @param keys the file's own, by name
 */
record RenamedTensors(TensorFile file, Map<String, String> keys) implements TensorView {
  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(keys.keySet());
  }

  @Override
  public Dtype dtype(String name) {
    return file.dtype(key(name));
  }

  @Override
  public long[] shape(String name) {
    return file.shape(key(name));
  }

  @Override
  public Tensor read(String name) {
    return file.read(key(name));
  }

  private String key(String name) {
    var key = keys.get(name);
    if (key == null) {
      throw Absent.tensor(this, name);
    }
    return key;
  }
}
