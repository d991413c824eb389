package dev.longtake.distill;

/** Which of the student's earlier frames a teacher or critic is shown before what it judges. */
public enum ContextKind {
  /**
   * None from before the judged window. Causal models still see the window's own earlier chunks.
   */
  NONE,

  /** The latest frames before it (as released: 21, also where memory holds others). */
  CONTIGUOUS,

  /** The sink, slow and fast frames that the student's memory holds at that moment (the paper). */
  MEMORY
}
