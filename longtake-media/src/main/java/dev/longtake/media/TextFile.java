package dev.longtake.media;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Text that is kept beside videos and pictures. */
public final class TextFile {

  private TextFile() {}

  /**
   * Writes text as UTF-8, whole or not at all, replacing what is there.
   *
   * @throws MediaException when the file cannot be written
   */
  public static void write(Path target, String text) {
    AtomicFile.write(target, text.getBytes(StandardCharsets.UTF_8));
  }
}
