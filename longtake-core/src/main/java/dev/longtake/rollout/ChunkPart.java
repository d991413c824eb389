package dev.longtake.rollout;

/** What making a chunk consists of, in this order. */
public enum ChunkPart {
  /** Planning memory, and bringing the keys of what it holds into place. */
  RECALL,

  /** The passes that make latents of noise. */
  DENOISE,

  /** The pass over the clean latents, and remembering them. */
  REMEMBER,

  /** Pictures from latents. */
  DECODE
}
