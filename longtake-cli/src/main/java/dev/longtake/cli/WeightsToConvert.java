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
    var tensors = TensorFile.open(file, keys);
    try {
      if (tensors.names().isEmpty()) {
        throw new CheckpointException(
            tensors.description(), "holds no tensors; longtake inspect tells what there is");
      }
    } catch (RuntimeException e) {
      tensors.close();
      throw e;
    }
    return isArchive(file)
        ? inArchive(file, tensors, keys)
        : new WeightsToConvert(tensors, List.of());
  }

  private static boolean isArchive(Path file) {
    try (var in = Files.newInputStream(file)) {
      return in.read() == 'P' && in.read() == 'K';
    } catch (IOException e) {
      throw new CheckpointException(file.toString(), "cannot be read: " + e.getMessage(), e);
    }
  }

  private static WeightsToConvert inArchive(Path file, TensorFile whole, String... keys) {
    try (var archive = PtCheckpoint.open(file)) {
      if (keys.length > 0) {
        return new WeightsToConvert(whole, others(archive, keys[0]));
      }
      var outer = archive.keys();
      if (outer.stream().anyMatch(key -> archive.kind(key) == Kind.TENSOR)) {
        return new WeightsToConvert(whole, List.of());
      }
      whole.close();
      var parts = outer.stream().filter(key -> archive.kind(key) == Kind.TENSORS).toList();
      if (parts.size() != 1) {
        throw new CheckpointException(
            file.toString(),
            "holds several parts ("
                + String.join(", ", parts)
                + "); choose one, such as --part "
                + (parts.contains("generator_ema") ? "generator_ema" : parts.getFirst()));
      }
      var only = parts.getFirst();
      return new WeightsToConvert(TensorFile.open(file, only), others(archive, only));
    }
  }

  private static List<String> others(PtCheckpoint archive, String chosen) {
    return archive.keys().stream().filter(key -> !key.equals(chosen)).toList();
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
