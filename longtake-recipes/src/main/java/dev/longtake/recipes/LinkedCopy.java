package dev.longtake.recipes;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A file under a second name. A published text encoder has eleven gigabytes, which every model that
 * is trained with it keeps as they are; where the file system can, both names share them. Nothing
 * here writes into a file that has its final name, so neither changes with the other.
 */
final class LinkedCopy {
  private LinkedCopy() {}

  /**
   * Links a file, or copies it where that is not possible.
   *
   * @param to not there yet
   * @throws IOException if it can be neither
   */
  static void of(Path from, Path to) throws IOException {
    try {
      Files.createLink(to, from.toRealPath()); // of the file, not of a link that leads to it
    } catch (IOException | UnsupportedOperationException e) {
      Files.copy(from, to);
    }
  }
}
