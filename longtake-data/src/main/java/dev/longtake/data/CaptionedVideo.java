package dev.longtake.data;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * A video file and what it shows.
 *
 * @param file the video; whether it can be read is not known yet
 * @param caption not blank
 */
public record CaptionedVideo(Path file, String caption) {
  /**
   * Lists what there is, in the order given; within a folder in the order of the names.
   *
   * @param sources folders, see {@link VideoFolder}, and tables with a head, see {@link
   *     CaptionTable}
   * @param skipped hears of videos without a caption, and of links that lead nowhere
   * @throws IllegalArgumentException if a source is absent or is no such thing, or there is no
   *     video in any
   */
  public static List<CaptionedVideo> list(List<Path> sources, Skipped skipped) {
    var all = new ArrayList<CaptionedVideo>();
    for (var source : sources) {
      if (Files.isDirectory(source)) {
        all.addAll(VideoFolder.list(source, skipped));
      } else if (Files.isRegularFile(source)) {
        all.addAll(CaptionTable.read(source, skipped));
      } else {
        throw new IllegalArgumentException(
            "there is no folder or table of videos " + source + "; check the path");
      }
    }
    if (all.isEmpty() && skipped.count() == 0) {
      throw new IllegalArgumentException(
          "no MP4 file in "
              + sources.stream().map(Path::toString).collect(Collectors.joining(", "))
              + "; give captioned videos");
    }
    return List.copyOf(all);
  }

  /** With {@code .mp4} at its end, whatever a table says. */
  static Path named(Path folder, String name) {
    boolean whole = name.toLowerCase(Locale.ROOT).endsWith(VideoFolder.EXTENSION);
    return folder.resolve(whole ? name : name + VideoFolder.EXTENSION);
  }
}
