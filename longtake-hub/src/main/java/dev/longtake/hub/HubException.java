package dev.longtake.hub;

import java.util.Optional;

/**
 * A repository or file is absent, closed to us, damaged on its way, or has no room here. The
 * message is one line: what, which value, and the remedy.
 */
public final class HubException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final boolean fault;

  /** Says what is wrong and what helps. */
  public HubException(String message) {
    super(message);
    fault = false;
  }

  /** Says what is wrong, what helps, and what showed it. */
  public HubException(String message, Throwable cause) {
    super(message, cause);
    fault = false;
  }

  private HubException(String message, Optional<Throwable> cause) {
    super(message, cause.orElse(null));
    fault = true;
  }

  /** A {@link #fault()}. */
  static HubException fault(String message) {
    return new HubException(message, Optional.empty());
  }

  /** A {@link #fault()}, and what showed it. */
  static HubException fault(String message, Throwable cause) {
    return new HubException(message, Optional.of(cause));
  }

  /**
   * Whether the server or the way to it failed, so that the same request may well succeed another
   * time.
   */
  public boolean fault() {
    return fault;
  }

  /** The first line of another exception's message. */
  static String because(Throwable cause) {
    var message = cause.getMessage();
    return message == null || message.isBlank()
        ? cause.getClass().getSimpleName()
        : message.lines().findFirst().orElseThrow().strip();
  }
}
