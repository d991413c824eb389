package dev.longtake.checkpoint;

import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Tensor;
import java.util.Map;
import java.util.Set;

/** Tensors that are in memory already, to be written like those of a file. They stay open. */
record TensorsInMemory(Map<String, Tensor> tensors) implements TensorFile {
  @Override
  public String description() {
    return tensors.size() + " tensors in memory";
  }

  @Override
  public Set<String> names() {
    return tensors.keySet();
  }

  @Override
  public Dtype dtype(String name) {
    return read(name).dtype();
  }

  @Override
  public long[] shape(String name) {
    return read(name).shape();
  }

  @Override
  public Tensor read(String name) {
    var tensor = tensors.get(name);
    if (tensor == null) {
      throw Absent.tensor(this, name);
    }
    return tensor;
  }

  @Override
  public void close() {}
}
