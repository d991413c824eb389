package dev.longtake.recipes;

import dev.longtake.train.TrainingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A folder for what is not finished: deleted when closed. One that a killed process left is deleted
 * by the next that makes one of the same prefix in the same place.
 *
 * @param path of the folder
 */
record ScratchFolder(Path path) implements AutoCloseable {
  /**
   * Makes one, and clears away those of processes that are no more, where that is allowed.
   *
   * @param parent where, made if absent
   * @param prefix its name's beginning; the number of the process follows
   * @throws TrainingException if it cannot be made
   */
  static ScratchFolder in(Path parent, String prefix) {
    try {
      Files.createDirectories(parent);
      clear(parent, prefix);
      long own = ProcessHandle.current().pid();
      // Not a temporary directory of the JDK's, which none but its owner may open.
      var name = prefix + own + "-" + Math.abs(System.nanoTime());
      return new ScratchFolder(Files.createDirectory(parent.resolve(name)));
    } catch (IOException e) {
      throw new TrainingException(
          "cannot make a temporary folder in "
              + parent
              + " ("
              + e
              + "); check free space and permissions");
    }
  }

  private static void clear(Path parent, String prefix) throws IOException {
    try (var list = Files.list(parent)) {
      for (var path : list.filter(path -> isLeftOver(path, prefix)).toList()) {
        try {
          delete(path);
        } catch (TrainingException e) {
          continue; // another's, or being cleared by another: it is in nobody's way
        }
      }
    }
  }

  private static boolean isLeftOver(Path path, String prefix) {
    var name = path.getFileName().toString();
    if (!name.startsWith(prefix) || !name.substring(prefix.length()).matches("\\d{1,18}-\\d+")) {
      return false;
    }
    var process = name.substring(prefix.length(), name.lastIndexOf('-'));
    return ProcessHandle.of(Long.parseLong(process)).filter(ProcessHandle::isAlive).isEmpty();
  }

  /** Deletes it, unless it was given another name meanwhile. */
  @Override
  public void close() {
    if (Files.exists(path)) {
      delete(path);
    }
  }

  /**
   * Deletes a folder with everything in it.
   *
   * @throws TrainingException if that fails
   */
  static void delete(Path folder) {
    try (var inside = Files.walk(folder)) {
      for (var path : inside.toList().reversed()) {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw new TrainingException("cannot delete " + folder + " (" + e + "); delete it by hand");
    }
  }
}
