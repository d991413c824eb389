package dev.longtake.train;

/** How much each noise level counts in a flow-matching loss. */
public enum LossWeight {
  /** All as much. */
  EVEN,
  /** As the published models were trained: a bell around timestep 500. */
  BELL
}
