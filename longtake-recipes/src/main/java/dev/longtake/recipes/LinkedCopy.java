package dev.longtake.recipes;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A file of a model under a second name. A published text encoder has eleven gigabytes, which every
 * model that is trained with it keeps as they are; where the file system can, both names share
 * them. Weights are replaced here, never written into; whoever overwrites some in place changes
 * both names. Other files are small, and edited by hand: they are copied.
 */
final class LinkedCopy {
  private LinkedCopy() {}

  /**
   * Links weights, or copies them where that is not possible; copies any other file.
   *
   * @param to not there yet
   * @throws IOException if it can be neither
   */
  static void of(Path from, Path to) throws IOException {
    if (!to.toString().endsWith(".safetensors")) {
      Files.copy(from, to);
      return;
    }
    try {
      Files.createLink(to, from.toRealPath()); // of the file, not of a link that leads to it
    } catch (IOException | UnsupportedOperationException e) {
      Files.copy(from, to);
    }
  }
}
