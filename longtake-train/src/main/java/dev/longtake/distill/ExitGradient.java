package dev.longtake.distill;

/** How the exit passes of a rollout are differentiated; the gradient is the same. */
public enum ExitGradient {
  /** Their graphs are kept until the loss is known: memory for every judged chunk at once. */
  RECORDED,

  /**
   * They are made again once the loss is known, chunk by chunk: memory for one graph and for what
   * each judged chunk attended, and a pass more.
   */
  REPLAYED
}
