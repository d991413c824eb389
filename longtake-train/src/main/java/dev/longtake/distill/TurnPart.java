package dev.longtake.distill;

/** What a turn of generator or critic spends its time on, in the order of the turn. */
public enum TurnPart {
  /** Passes of the generator over the chunks before the judged ones. */
  PAST,
  /** The same over the judged chunks, forward. */
  JUDGED,
  /** What teacher and critic are shown is gathered and made noisy. */
  SHOWING,
  /** The teacher's passes. */
  TEACHER,
  /** The critic's pass, in its own turn the one that it learns from. */
  CRITIC,
  /** Going backwards, with every pass that is made again for it. */
  GRADIENT,
  /** Clipping, optimiser and moving average. */
  UPDATE
}
