package dev.longtake.rollout;

/** What making a chunk consists of, in this order. */
public enum ChunkPart {
  /** Planning memory, and bringing the keys of what it holds into place. */
  RECALL,

  /** The passes that make latents of noise. */
  DENOISE,

  /** The pass over the clean latents, for their keys and values. */
  CLEAN,

  /** Remembering these, and deciding what memory keeps. */
  REMEMBER,

  /** Pictures from latents. */
  DECODE
}
