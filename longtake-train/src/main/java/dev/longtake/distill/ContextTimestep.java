package dev.longtake.distill;

/** The timestep that clean context frames are passed with. */
public enum ContextTimestep {
  /** That of the noisy frames, for all frames of the pass (as released). */
  SHARED,

  /** 0, which says that they are clean. */
  ZERO
}
