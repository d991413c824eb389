package dev.longtake.rollout;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Prompts in a file, by the end of its name:
 *
 * <ul>
 *   <li>{@code .txt}: a video a line, as {@link PromptLine} reads it; empty lines do not count.
 *   <li>{@code .jsonl}: a video a line, {@code {"prompts": [...], "switch_frame_indices": [...]}},
 *       the latter in latent frames, as LongLive has them, and {@code num_output_frames} if the
 *       length is to be fixed. A prompt takes over with the first chunk at or after its frame.
 *   <li>{@code .json}: one video, the timeline that Scope exports, {@code {"prompts":
 *       [{"startTime": 0, "endTime": 5, "prompts": [{"text": "...", "weight": 1}]}]}}, in seconds.
 *       A prompt takes over with the first chunk at or after its time, and holds until the next.
 * </ul>
 */
public final class PromptFile {
  private PromptFile() {}

  /**
   * Reads a file.
   *
   * @param fps frames per second of the videos
   * @return at least one video
   * @throws IllegalArgumentException if it cannot be read, naming file and line
   */
  public static List<PromptSchedule> read(Path file, int fps) {
    var name = String.valueOf(file.getFileName());
    if (name.endsWith(".json")) {
      return List.of(at(file.toString(), () -> PromptTimeline.parse(text(file), fps)));
    }
    boolean json = name.endsWith(".jsonl");
    if (!json && !name.endsWith(".txt")) {
      throw new IllegalArgumentException(
          "prompts in " + file + ": the name must end in .txt, .jsonl or .json (a timeline)");
    }
    var videos = new ArrayList<PromptSchedule>();
    var lines = text(file).lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      var line = lines.get(i);
      if (!line.isBlank()) {
        videos.add(
            at(
                file + ", line " + (i + 1),
                () -> json ? PromptJson.parse(line) : PromptLine.parse(line, fps)));
      }
    }
    if (videos.isEmpty()) {
      throw new IllegalArgumentException(file + " holds no prompt; give one a line");
    }
    return List.copyOf(videos);
  }

  /** Says where a mistake is. */
  private static PromptSchedule at(String where, Supplier<PromptSchedule> reading) {
    try {
      return reading.get();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(where + ": " + e.getMessage(), e);
    }
  }

  /**
   * The text of a file of prompts.
   *
   * @throws IllegalArgumentException if it is absent, no UTF-8 or cannot be read, naming it
   */
  public static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (NoSuchFileException e) {
      throw new IllegalArgumentException("no file of prompts " + file + "; check the name", e);
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(file + " is not UTF-8 text; save it as such", e);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "prompts in " + file + " cannot be read: " + e.getMessage(), e);
    }
  }
}
