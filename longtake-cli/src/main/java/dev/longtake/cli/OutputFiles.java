package dev.longtake.cli;

import dev.longtake.media.MediaException;
import dev.longtake.media.Mp4Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * The files that belong to one video.
 *
 * @param video the MP4
 * @param sheet its pictures at a glance, a PNG
 * @param sidecar how it was made, JSON
 */
record OutputFiles(Path video, Path sheet, Path sidecar) {

  /**
   * Names the other files after the video.
   *
   * @throws MediaException if one of them can be seen to be unwritable
   */
  static OutputFiles of(Path video) {
    Mp4Writer.checkTarget(video);
    var name = video.getFileName().toString();
    var stem = name.substring(0, name.length() - ".mp4".length());
    var files =
        new OutputFiles(
            video, video.resolveSibling(stem + ".png"), video.resolveSibling(stem + ".json"));
    requireNoFolder(files.sheet);
    requireNoFolder(files.sidecar);
    return files;
  }

  private static void requireNoFolder(Path file) {
    if (Files.isDirectory(file)) {
      throw new MediaException(
          String.format(
              Locale.ROOT, "cannot write %s: it is a directory; give another --out", file));
    }
  }
}
