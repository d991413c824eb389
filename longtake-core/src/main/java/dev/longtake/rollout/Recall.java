package dev.longtake.rollout;

/** Where the keys and values of remembered frames come from; a model is trained for one of them. */
public enum Recall {
  /**
   * Kept from the clean pass of the chunk a frame was generated in (Self-Forcing, LongLive, Context
   * Forcing). Students trained on their own rollouts expect this.
   */
  CACHED,

  /**
   * Computed anew for each chunk, by one pass over the latents that memory holds. Models trained
   * with given context and chunk in one sequence expect this: what a frame's keys are then depends
   * on the frames it stands among, not on those it was generated among. One pass over the memory
   * more per chunk; nothing stale after a change of prompt.
   */
  RECOMPUTED
}
