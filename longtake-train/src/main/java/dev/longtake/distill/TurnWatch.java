package dev.longtake.distill;

/** Hears how the turns of a distillation go, from the thread that computes. */
@FunctionalInterface
public interface TurnWatch {
  /** Hears nothing. */
  TurnWatch NONE = part -> {};

  /**
   * A part of the turn has been asked for; a GPU may still be at work on it. Parts may come several
   * times; {@link TurnPart#UPDATE} ends a turn.
   */
  void done(TurnPart part);
}
