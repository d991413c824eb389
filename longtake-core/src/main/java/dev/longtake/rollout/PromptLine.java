package dev.longtake.rollout;

import dev.longtake.rollout.PromptSchedule.Shot;
import java.util.ArrayList;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/**
 * Prompts with their durations on one line, as Infinity-RoPE writes them: {@code a room[5s] | the
 * lamp goes out[10s] | morning}.
 *
 * <p>A prompt without a duration lasts 14 chunks, unless it is the last: then it lasts until the
 * video ends. A text with neither {@code |} nor a duration is one prompt, whatever it holds, but
 * for what was clearly meant as a duration, such as {@code [-1s]} or {@code [5s}. Beside {@code |}
 * or a duration, brackets at a prompt's end must be one, and two marks of that notation ask for
 * what is not done here and are refused: {@code #} in a duration (a jump of the next scene's
 * positions) and {@code ;} (subtitles follow).
 */
public final class PromptLine {
  private static final int CHUNKS_UNLESS_SAID = 14;
  private static final Pattern DURATION =
      Pattern.compile("\\[\\s*(\\d+(?:\\.\\d+)?)\\s*s\\s*(#?)\\s*]\\s*$");
  private static final Pattern ANY_DURATION =
      Pattern.compile("\\[\\s*\\d+(\\.\\d+)?\\s*s\\s*#?\\s*]");
  private static final Pattern MARKS = Pattern.compile("\\||" + ANY_DURATION.pattern());

  /** Brackets that end a text, closed or not. */
  private static final Pattern LAST_BRACKETS = Pattern.compile("\\[[^\\]]*]?$");

  /** Brackets that end a text and hold something like a number of seconds. */
  private static final Pattern NEARLY_DURATION =
      Pattern.compile("\\[\\s*[-+]?\\d[\\d.,]*\\s*s(ec(onds?)?)?\\s*#?\\s*]?$");

  private PromptLine() {}

  /**
   * Reads a line.
   *
   * @param fps frames per second of the video
   * @throws IllegalArgumentException if something in it is not understood
   */
  public static PromptSchedule parse(String line, int fps) {
    if (!MARKS.matcher(line).find()) {
      requireNone(NEARLY_DURATION, line.strip(), "is no duration; give seconds, such as [5s]");
      return PromptSchedule.of(line.strip());
    }
    if (line.contains(";")) {
      throw new IllegalArgumentException(
          "'"
              + line.substring(line.indexOf(';')).strip()
              + "' would be subtitles, which are not drawn; leave out the ';' and what follows");
    }
    var clock = new ChunkClock(fps);
    var shots = new ArrayList<Shot>();
    int start = 0;
    boolean open = false; // whether the latest prompt lasts until the end
    for (var part : line.split("\\|", -1)) {
      var scene = part.strip();
      var duration = DURATION.matcher(scene);
      open = !duration.find();
      var prompt = open ? scene : scene.substring(0, duration.start()).strip();
      requireNone(ANY_DURATION, prompt, "stands within a prompt; put a | behind it");
      requireNone(LAST_BRACKETS, prompt, "is no duration; give seconds, such as [5s]");
      shots.add(new Shot(prompt, start));
      start += open ? CHUNKS_UNLESS_SAID : chunks(duration.group(1), duration.group(2), clock);
    }
    return new PromptSchedule(shots, open ? OptionalInt.empty() : OptionalInt.of(start));
  }

  /** Refuses a text that holds such brackets: it would be shown as a part of the prompt. */
  private static void requireNone(Pattern brackets, String text, String problem) {
    var found = brackets.matcher(text);
    if (found.find()) {
      throw new IllegalArgumentException(
          "'" + found.group() + "' " + problem + ", or leave out the brackets");
    }
  }

  private static int chunks(String seconds, String mark, ChunkClock clock) {
    if (!mark.isEmpty()) {
      throw new IllegalArgumentException(
          "'["
              + seconds
              + "s#]' asks for a scene cut by a jump of positions, which is not done; give ["
              + seconds
              + "s] and flush memory at the change of prompt");
    }
    double length = Double.parseDouble(seconds);
    if (!(length > 0 && length <= ChunkClock.DAY)) {
      throw new IllegalArgumentException(
          "'["
              + seconds
              + "s]' is no duration; give more than 0 s and at most a day, such as [5s]");
    }
    return clock.lasting(length);
  }
}
