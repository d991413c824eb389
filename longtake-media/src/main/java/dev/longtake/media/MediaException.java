package dev.longtake.media;

/**
 * A picture or video could not be read or written.
 *
 * <p>The message is one line for the person at the terminal: which file, what went wrong, and what
 * to do about it.
 */
public final class MediaException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public MediaException(String message) {
    super(message);
  }

  public MediaException(String message, Throwable cause) {
    super(message, cause);
  }
}
