package dev.longtake.data;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;

/**
 * Folders of videos, with a caption NAME.txt beside each NAME.mp4. Links are followed, but for
 * those that lead back to a folder above them.
 */
final class VideoFolder {
  static final String EXTENSION = ".mp4";
  private static final String CAPTION = ".txt";

  private VideoFolder() {}

  /**
   * Lists a folder's videos, to any depth, in the order of their names.
   *
   * @param skipped hears of videos without a caption, and of links that lead nowhere
   * @throws IllegalArgumentException if a folder cannot be listed
   */
  static List<CaptionedVideo> list(Path folder, Skipped skipped) {
    var videos = new ArrayList<CaptionedVideo>();
    for (var file : files(folder)) {
      if (Files.isSymbolicLink(file) && !Files.exists(file)) {
        skipped.add(file, "a link to what is not there");
        continue;
      }
      var text = file.resolveSibling(stem(file) + CAPTION);
      try {
        var caption =
            Files.isRegularFile(text) ? Files.readString(text).strip().replaceAll("\\s+", " ") : "";
        if (caption.isBlank()) {
          skipped.add(file, "no caption: put one into " + text.getFileName());
        } else {
          videos.add(new CaptionedVideo(file, caption));
        }
      } catch (CharacterCodingException e) {
        skipped.add(file, "its caption " + text.getFileName() + " is not UTF-8 text");
      } catch (IOException e) {
        skipped.add(file, "its caption " + text.getFileName() + " cannot be read");
      }
    }
    return videos;
  }

  /** Videos, and links that may have led to one, or to a folder of them. */
  private static List<Path> files(Path folder) {
    var found = new ArrayList<Path>();
    var visitor =
        new SimpleFileVisitor<Path>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes is) {
            boolean video = is.isRegularFile() && name(file).endsWith(EXTENSION);
            // A link that led somewhere would have come with its target's attributes.
            boolean dangling = is.isSymbolicLink() && !name(file).endsWith(CAPTION);
            if (!name(file).startsWith(".") && (video || dangling)) {
              found.add(file);
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
            if (e instanceof FileSystemLoopException) {
              return FileVisitResult.CONTINUE;
            }
            throw e;
          }
        };
    try {
      Files.walkFileTree(
          folder, EnumSet.of(FileVisitOption.FOLLOW_LINKS), Integer.MAX_VALUE, visitor);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "videos in " + folder + " cannot be listed: " + e.getMessage(), e);
    }
    found.sort(null);
    return found;
  }

  private static String name(Path file) {
    return file.getFileName().toString().toLowerCase(Locale.ROOT);
  }

  private static String stem(Path video) {
    var name = video.getFileName().toString();
    return name.substring(0, name.length() - EXTENSION.length());
  }
}
