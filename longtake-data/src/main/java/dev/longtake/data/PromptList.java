package dev.longtake.data;

import dev.longtake.rollout.PromptFile;
import java.nio.file.Path;
import java.util.List;

/**
 * Prompts, one a line of a UTF-8 file; empty lines do not count.
 *
 * @param names what the prompts are called, for the names of what is made of them
 * @param texts what the model reads, as many
 */
public record PromptList(List<String> names, List<String> texts) {

  /** Copies the lists. */
  public PromptList {
    names = List.copyOf(names);
    texts = List.copyOf(texts);
    if (names.size() != texts.size() || names.isEmpty()) {
      throw new IllegalArgumentException(
          names.size() + " names and " + texts.size() + " texts are no list of prompts");
    }
  }

  /**
   * Reads a file; a prompt is its own name.
   *
   * @throws IllegalArgumentException if it cannot be read or holds no prompt
   */
  public static PromptList read(Path file) {
    var lines = lines(file);
    return new PromptList(lines, lines);
  }

  /**
   * Reads a file of short prompts, which are the names, and one of the same prompts at length.
   *
   * @param extended as many prompts, in the same order
   * @throws IllegalArgumentException if one cannot be read, or they do not hold as many
   */
  public static PromptList read(Path file, Path extended) {
    var names = lines(file);
    var texts = lines(extended);
    if (names.size() != texts.size()) {
      throw new IllegalArgumentException(
          file
              + " holds "
              + names.size()
              + " prompts, "
              + extended
              + " "
              + texts.size()
              + "; give one extended prompt for each, in the same order");
    }
    return new PromptList(names, texts);
  }

  /** How many prompts. */
  public int size() {
    return texts.size();
  }

  private static List<String> lines(Path file) {
    var lines =
        PromptFile.text(file)
            .replaceFirst("^\\uFEFF", "") // as some editors begin a file
            .lines()
            .map(String::strip)
            .filter(line -> !line.isEmpty())
            .toList();
    if (lines.isEmpty()) {
      throw new IllegalArgumentException(file + " holds no prompt; give one a line");
    }
    return lines;
  }
}
