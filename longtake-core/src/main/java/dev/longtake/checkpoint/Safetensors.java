package dev.longtake.checkpoint;

import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Tensor;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;

/** One safetensors file, memory-mapped. Opening checks the whole header. */
public final class Safetensors implements TensorFile {
  private final MappedFile file;
  private final SafetensorsHeader header;

  private Safetensors(MappedFile file, SafetensorsHeader header) {
    this.file = file;
    this.header = header;
  }

  /**
   * Opens a file.
   *
   * @throws CheckpointException if it is absent, not safetensors, damaged or cut short
   */
  public static Safetensors open(Path path) {
    var file = MappedFile.open(path);
    try {
      return new Safetensors(file, SafetensorsHeader.read(file));
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }

  /**
   * Writes a file: temporary file beside it, sync, atomic rename. Wide types come first, so that
   * every tensor lies at a multiple of its element size; within a type the map's order stays. The
   * same tensors in the same order give the same bytes.
   *
   * @param tensors by name, on any device
   * @param metadata free text by name
   * @throws CheckpointException if the file cannot be written; what was there before is untouched
   * @throws IllegalArgumentException if a tensor is named {@code __metadata__}, or the names alone
   *     fill more than 100 MB
   */
  public static void write(Path path, Map<String, Tensor> tensors, Map<String, String> metadata) {
    SafetensorsWriter.write(path, new TensorsInMemory(tensors), metadata);
  }

  /**
   * Writes another file's tensors, one after another, so that the largest of them is all that is
   * ever in memory; otherwise as {@link #write(Path, Map, Map)}.
   *
   * @throws CheckpointException if the file cannot be written; what was there before is untouched
   */
  public static void write(Path path, TensorFile tensors, Map<String, String> metadata) {
    SafetensorsWriter.write(path, tensors, metadata);
  }

  @Override
  public Map<String, String> metadata() {
    return header.metadata();
  }

  @Override
  public String description() {
    return file.name();
  }

  @Override
  public Set<String> names() {
    return header.tensors().keySet();
  }

  @Override
  public Dtype dtype(String name) {
    return entry(name).dtype();
  }

  @Override
  public long[] shape(String name) {
    return entry(name).sizes();
  }

  @Override
  public Tensor read(String name) {
    var entry = entry(name);
    return file.tensor(entry.begin(), entry.dtype(), entry.sizes());
  }

  @Override
  public void close() {
    file.close();
  }

  private TensorEntry entry(String name) {
    var entry = header.tensors().get(name);
    if (entry == null) {
      throw Absent.tensor(this, name);
    }
    return entry;
  }
}
