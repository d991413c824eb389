package dev.longtake.checkpoint;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;

/**
 * Finds a model in the files that training leaves: a dict of {@code generator}, {@code
 * generator_ema}, {@code critic} and optimisers, a dict with the {@code model} alone, or the
 * weights with nothing around them. Names keep the wrappers of training; {@link
 * KeyMap#unwrapping()} drops them.
 */
public final class TrainedCheckpoint {
  private static final List<String> PARTS =
      Arrays.stream(TrainedPart.values()).flatMap(part -> part.keys().stream()).toList();

  private TrainedCheckpoint() {}

  /**
   * Opens one model of a file. A file that holds one model only gives that one when the generator
   * or its average is asked for: it does not say which of the two it is.
   *
   * @throws CheckpointException if the file cannot be read or has no such part, naming those it has
   */
  public static TensorFile open(Path path, TrainedPart part) {
    return open(path, part.keys(), part != TrainedPart.CRITIC);
  }

  /**
   * Opens the generator's low-rank adapter: under {@code generator_lora}, or with nothing around
   * it.
   *
   * @throws CheckpointException as above
   */
  public static TensorFile openAdapter(Path path) {
    return open(path, List.of("generator_lora"), true);
  }

  private static TensorFile open(Path path, List<String> keys, boolean bareWillDo) {
    if (!PtCheckpoint.isArchive(path)) {
      return bare(TensorFile.open(path), keys, bareWillDo);
    }
    List<String> found;
    List<String> dicts;
    try (var archive = PtCheckpoint.open(path)) {
      found = keys.stream().filter(key -> isDict(archive, key)).toList();
      Predicate<String> isPart = key -> PARTS.contains(key) || key.endsWith("_lora");
      dicts = archive.keys().stream().filter(isPart).filter(key -> isDict(archive, key)).toList();
    }
    if (!found.isEmpty()) {
      return notEmpty(TensorFile.open(path, found.getFirst()));
    }
    if (!dicts.isEmpty()) {
      throw new CheckpointException(
          path.toString(),
          "has no " + String.join(" or ", keys) + ", only " + dicts + "; choose one of these");
    }
    return bare(TensorFile.open(path), keys, bareWillDo);
  }

  /** Whether there is a dict; a part that was saved as None is none. */
  private static boolean isDict(PtCheckpoint archive, String key) {
    return archive.has(key)
        && switch (archive.kind(key)) {
          case TENSORS, COLLECTION -> true;
          case TENSOR, VALUE, NONE -> false;
        };
  }

  private static TensorFile bare(TensorFile file, List<String> keys, boolean willDo) {
    if (!willDo) {
      file.close();
      throw new CheckpointException(
          file.description(),
          "holds one model with nothing around it, so no "
              + String.join(" or ", keys)
              + "; give a training checkpoint");
    }
    return notEmpty(file);
  }

  private static TensorFile notEmpty(TensorFile file) {
    if (file.names().isEmpty()) {
      file.close();
      throw new CheckpointException(file.description(), "holds no tensors; choose another part");
    }
    return file;
  }
}
