package dev.longtake.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;

/**
 * A checkpoint is absent, damaged, hostile or not what was asked for. The message is one line:
 * file, what is wrong with both numbers, and the remedy.
 */
public final class CheckpointException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private static final int LONGEST_NAME = 120;

  /**
   * Says what is wrong with a file.
   *
   * @param file which file, and where in it
   * @param problem what is wrong and what helps
   */
  public CheckpointException(String file, String problem) {
    super(file + ": " + problem);
  }

  /** Says what is wrong with a file, and what showed it. */
  public CheckpointException(String file, String problem, Throwable cause) {
    super(file + ": " + problem, cause);
  }

  /** A name out of a file, quoted, harmless on a terminal and not too long. */
  public static String quoted(String name) {
    var out = new StringBuilder("'");
    name.codePoints()
        .limit(LONGEST_NAME)
        .forEach(c -> out.appendCodePoint(Character.isISOControl(c) || c == 0x2028 ? '?' : c));
    return out.append(name.length() > LONGEST_NAME ? "…'" : "'").toString();
  }

  /** The first line of another exception's message, or a parser's complaint in plain words. */
  static String because(Throwable cause) {
    if (cause instanceof JsonProcessingException misread) {
      return Misread.of(misread);
    }
    var message = cause.getMessage();
    return message == null || message.isBlank()
        ? cause.getClass().getSimpleName()
        : message.lines().findFirst().orElseThrow().strip();
  }
}
