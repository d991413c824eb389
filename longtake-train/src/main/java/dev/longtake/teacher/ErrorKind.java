package dev.longtake.teacher;

/** Which of a pass's two errors, and so where it is put back in. */
public enum ErrorKind {
  /** How far the pass was off the noise: {@code (1 − σ)·(v̂ − v*)}; joins noise. */
  NOISE_END,
  /** How far it was off the clean latents: {@code σ·(v* − v̂)}; joins target and context. */
  CLEAN_END
}
