package dev.longtake.checkpoint;

import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Tensor;
import java.util.Collections;
import java.util.Map;
import java.util.Set;

/** The tensors of one dict of an archive. */
record PtTensors(
    String description,
    MappedFile file,
    StatedChecksums checksums,
    Map<String, PtTensor> tensors,
    Runnable closing)
    implements TensorFile {

  static PtTensors of(
      MappedFile file, StatedChecksums checksums, Object place, Runnable closing, String... path) {
    var description =
        path.length == 0 ? file.name() : file.name() + " (" + String.join("/", path) + ")";
    if (PtTree.children(place).isEmpty()) {
      throw new CheckpointException(
          description, "is neither a dict nor a list; give the keys that lead to one");
    }
    var tensors = PtTree.tensors(description, place);
    return new PtTensors(
        description, file, checksums, Collections.unmodifiableMap(tensors), closing);
  }

  @Override
  public Set<String> names() {
    return tensors.keySet();
  }

  @Override
  public Dtype dtype(String name) {
    return tensor(name).dtype();
  }

  @Override
  public long[] shape(String name) {
    return tensor(name).sizes();
  }

  @Override
  public Tensor read(String name) {
    var tensor = tensor(name);
    checksums.require(tensor.storage(), "what " + CheckpointException.quoted(name) + " lies in");
    return tensor.read(file);
  }

  @Override
  public void close() {
    closing.run();
  }

  private PtTensor tensor(String name) {
    var tensor = tensors.get(name);
    if (tensor == null) {
      throw Absent.tensor(this, name);
    }
    return tensor;
  }
}
