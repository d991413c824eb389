package dev.longtake.cli;

import java.nio.file.Path;
import java.text.Normalizer;
import java.util.Locale;

/** Names for files that the user did not name. */
final class FileNames {
  private static final int LONGEST = 60;

  private FileNames() {}

  /**
   * A text as part of a file's name: its first words in lower-case ASCII, joined by hyphens, at
   * most 60 characters; {@code video} if nothing is left.
   */
  static String slug(String text) {
    var plain =
        Normalizer.normalize(text, Normalizer.Form.NFD)
            .replaceAll("\\p{M}+", "")
            .toLowerCase(Locale.ROOT)
            .replaceAll("[^a-z0-9]+", "-")
            .replaceAll("^-|-$", "");
    if (plain.length() > LONGEST) {
      int end = plain.lastIndexOf('-', LONGEST);
      plain = plain.substring(0, end > 0 ? end : LONGEST);
    }
    return plain.isEmpty() ? "video" : plain;
  }

  /**
   * The name of one of several videos: {@code clip-03.mp4} for the third of twelve {@code
   * clip.mp4}.
   *
   * @param video ends in {@code .mp4}
   * @param number from 1
   * @param count how many there are
   */
  static Path numbered(Path video, int number, int count) {
    var name = video.getFileName().toString();
    var stem = name.substring(0, name.length() - ".mp4".length());
    int digits = Integer.toString(count).length();
    return video.resolveSibling(
        stem + String.format(Locale.ROOT, "-%0" + digits + "d", number) + ".mp4");
  }
}
