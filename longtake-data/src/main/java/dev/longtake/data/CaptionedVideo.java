package dev.longtake.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * A video file and what it shows.
 *
 * @param file the video; whether it can be read is not known yet
 * @param caption not blank
 */
public record CaptionedVideo(Path file, String caption) {
  private static final String EXTENSION = ".mp4";

  /**
   * Lists what there is, in the order given; within a folder in the order of the names.
   *
   * @param sources folders, searched to any depth, with a caption NAME.txt beside each NAME.mp4; or
   *     tables with a head, see {@link CaptionTable}
   * @param skipped hears of videos without a caption
   * @throws IllegalArgumentException if a source is absent or is no such thing
   */
  public static List<CaptionedVideo> list(List<Path> sources, Skipped skipped) {
    var all = new ArrayList<CaptionedVideo>();
    for (var source : sources) {
      if (Files.isDirectory(source)) {
        all.addAll(inFolder(source, skipped));
      } else if (Files.isRegularFile(source)) {
        all.addAll(CaptionTable.read(source, skipped));
      } else {
        throw new IllegalArgumentException(
            "no folder or table of videos " + source + "; check the path");
      }
    }
    return List.copyOf(all);
  }

  private static List<CaptionedVideo> inFolder(Path folder, Skipped skipped) {
    try (Stream<Path> tree = Files.walk(folder)) {
      var videos = new ArrayList<CaptionedVideo>();
      for (var file : tree.filter(CaptionedVideo::isVideo).sorted().toList()) {
        var caption = captionBeside(file);
        if (caption.isBlank()) {
          skipped.add(file, "no caption: put one into " + captionFile(file).getFileName());
        } else {
          videos.add(new CaptionedVideo(file, caption));
        }
      }
      return videos;
    } catch (IOException | UncheckedIOException e) {
      throw new IllegalArgumentException(
          "videos in " + folder + " cannot be listed: " + e.getMessage(), e);
    }
  }

  /** With {@code .mp4} at its end, whatever a table says. */
  static Path named(Path folder, String name) {
    boolean whole = name.toLowerCase(Locale.ROOT).endsWith(EXTENSION);
    return folder.resolve(whole ? name : name + EXTENSION);
  }

  private static boolean isVideo(Path file) {
    var name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    return !name.startsWith(".") && name.endsWith(EXTENSION) && Files.isRegularFile(file);
  }

  private static Path captionFile(Path video) {
    var name = video.getFileName().toString();
    return video.resolveSibling(name.substring(0, name.length() - EXTENSION.length()) + ".txt");
  }

  /** Empty where there is none, or none that is UTF-8 text. */
  private static String captionBeside(Path video) {
    try {
      return Files.isRegularFile(captionFile(video))
          ? Files.readString(captionFile(video)).strip().replaceAll("\\s+", " ")
          : "";
    } catch (IOException e) {
      return "";
    }
  }
}
