package dev.longtake.cli;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.checkpoint.PtCheckpoint;
import dev.longtake.checkpoint.PtCheckpoint.Kind;
import dev.longtake.checkpoint.ShardedSafetensors;
import dev.longtake.checkpoint.TensorFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The one set of tensors that is meant by a path.
 *
 * @param tensors to be closed
 * @param leftOut what lies beside it in its archive
 */
record WeightsToConvert(TensorFile tensors, List<String> leftOut) {

  /**
   * Opens a file, the one part of an archive that has only one, or the one set of a folder.
   *
   * @param part keys joined by slashes that lead to a dict of an archive
   * @throws CheckpointException if it is absent or damaged, or more than one set could be meant
   */
  static WeightsToConvert open(Path path, Optional<String> part) {
    var file = Files.isDirectory(path) ? only(path) : path;
    var keys = part.map(text -> text.split("/")).orElseGet(() -> new String[0]);
    if (file.toString().endsWith(".json") || !PtCheckpoint.isArchive(file)) {
      return new WeightsToConvert(TensorFile.open(file, keys), List.of());
    }
    List<String> outer;
    try (var archive = PtCheckpoint.open(file)) {
      keys = keys.length > 0 ? keys : chosen(archive);
      outer = List.copyOf(archive.keys());
    }
    var taken = keys.length > 0 ? Set.of(keys[0]) : Set.copyOf(outer);
    return new WeightsToConvert(
        TensorFile.open(file, keys), outer.stream().filter(key -> !taken.contains(key)).toList());
  }

  /** The keys of the one part of an archive; none if its tensors lie at its top. */
  private static String[] chosen(PtCheckpoint archive) {
    var outer = archive.keys();
    if (outer.stream().anyMatch(key -> archive.kind(key) == Kind.TENSOR)) {
      return new String[0];
    }
    var parts = outer.stream().filter(key -> archive.kind(key) == Kind.TENSORS).toList();
    if (parts.isEmpty()) {
      throw new CheckpointException(
          archive.description(), "holds no tensors; longtake inspect tells what it holds");
    }
    if (parts.size() > 1) {
      throw new CheckpointException(
          archive.description(),
          "holds several parts ("
              + String.join(", ", parts)
              + "); choose one, such as --part "
              + parts.getFirst());
    }
    return new String[] {parts.getFirst()};
  }

  private static Path only(Path folder) {
    try (var files = Files.list(folder)) {
      var all = files.sorted().toList();
      var indexes = named(all, ShardedSafetensors.ENDING);
      var found = indexes.isEmpty() ? named(all, ".safetensors") : indexes;
      if (found.size() != 1) {
        throw new CheckpointException(
            folder.toString(),
            "holds "
                + found.size()
                + " sets of safetensors"
                + found.stream()
                    .map(path -> " " + path.getFileName())
                    .collect(Collectors.joining(","))
                + "; give the file or index that you mean");
      }
      return found.getFirst();
    } catch (IOException e) {
      throw new CheckpointException(folder.toString(), "cannot be read: " + e.getMessage(), e);
    }
  }

  private static List<Path> named(List<Path> files, String ending) {
    return files.stream().filter(file -> file.toString().endsWith(ending)).toList();
  }
}
