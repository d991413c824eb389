package dev.longtake.eval;

/** A result cannot be written or read. */
public class EvaluationException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With what is wrong and what to do about it. */
  public EvaluationException(String message) {
    super(message);
  }

  /** With what happened and what to do about it. */
  public EvaluationException(String message, Throwable cause) {
    super(message, cause);
  }
}
