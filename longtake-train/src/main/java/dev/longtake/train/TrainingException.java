package dev.longtake.train;

/** Training cannot go on; the message names the step and the weight or file. */
public final class TrainingException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With a message for the user. */
  public TrainingException(String message) {
    super(message);
  }
}
