package dev.longtake.checkpoint;

import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Tensor;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;

/**
 * Named tensors in a file. Names, shapes and types are known without touching the tensors' bytes.
 *
 * <p>Safe to read from several threads. Unknown names give a {@link CheckpointException}, use after
 * {@link #close} an {@link IllegalStateException}.
 */
public interface TensorFile extends AutoCloseable {

  /** Where this is, for messages: the path, and the place inside the file if there are several. */
  String description();

  /** Every tensor's name, in the file's order. */
  Set<String> names();

  /** The type the file holds that tensor in. */
  Dtype dtype(String name);

  /** That tensor's sizes, outermost first. */
  long[] shape(String name);

  /** A copy of that tensor on the processor, in the file's type, owned by the caller's scope. */
  Tensor read(String name);

  /** How many elements that tensor has. */
  default long count(String name) {
    return Arrays.stream(shape(name)).reduce(1, Math::multiplyExact);
  }

  /** How many bytes that tensor takes in memory, in the file's type. */
  default long bytes(String name) {
    return count(name) * dtype(name).bytes();
  }

  /** How many bytes all tensors together take in memory, in the file's types. */
  default long bytes() {
    return names().stream().mapToLong(this::bytes).sum();
  }

  /** The file's free text by name, empty if there is none. */
  default Map<String, String> metadata() {
    return Map.of();
  }

  /**
   * The same tensors under other names, without those that the map has none for. Closing the view
   * closes the file.
   *
   * @throws CheckpointException if two tensors get the same name
   */
  default TensorFile renamed(KeyMap keys) {
    return new RenamedTensors(this, CheckpointSource.byName(this, keys));
  }

  /**
   * The same tensors with real numbers in another type; whole numbers and truths stay as they are.
   * Closing the view closes the file.
   *
   * @throws IllegalArgumentException if the type is not one of real numbers
   */
  default TensorFile as(Dtype dtype) {
    return new RetypedTensors(this, dtype);
  }

  @Override
  void close();

  /**
   * Opens a file by what it holds: safetensors, an index of safetensors ({@code .json}), or a
   * {@code torch.save} archive.
   *
   * @param under for an archive, the keys that lead to the wanted dict, such as {@code
   *     generator_ema}; none for the outermost
   * @throws CheckpointException if it is none of these, is damaged, or has no such dict
   */
  static TensorFile open(Path path, String... under) {
    if (path.toString().endsWith(".json")) {
      refuseKeys(path, under);
      return ShardedSafetensors.open(path);
    }
    if (PtCheckpoint.isArchive(path)) {
      return PtCheckpoint.openTensors(path, under);
    }
    refuseKeys(path, under);
    return Safetensors.open(path);
  }

  private static void refuseKeys(Path path, String... under) {
    if (under.length > 0) {
      throw new CheckpointException(
          path.toString(),
          "is safetensors, which has no part "
              + CheckpointException.quoted(String.join("/", under))
              + "; only torch.save archives do: leave the key out");
    }
  }
}
