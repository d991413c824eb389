package dev.longtake.hub;

/**
 * A repository or file is absent, closed to us, damaged on its way, or has no room here. The
 * message is one line: what, which value, and the remedy.
 */
public final class HubException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Says what is wrong and what helps. */
  public HubException(String message) {
    super(message);
  }

  /** Says what is wrong, what helps, and what showed it. */
  public HubException(String message, Throwable cause) {
    super(message, cause);
  }

  /** The first line of another exception's message. */
  static String because(Throwable cause) {
    var message = cause.getMessage();
    return message == null || message.isBlank()
        ? cause.getClass().getSimpleName()
        : message.lines().findFirst().orElseThrow().strip();
  }
}
