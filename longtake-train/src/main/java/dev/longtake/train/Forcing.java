package dev.longtake.train;

/** What a block of a causal model sees of the blocks before it in training. */
public enum Forcing {
  /** Their noisy selves, each at a level of its own (diffusion forcing). */
  DIFFUSION,
  /** Their clean selves, which stand before the noisy ones in one sequence (teacher forcing). */
  TEACHER
}
