package dev.longtake.teacher;

import dev.longtake.train.CausalBatch;

/**
 * Frames to train a context teacher on.
 *
 * @param frames context and target of each sample; the chunk is the target
 * @param parts what the frames are, the same for all samples
 */
public record ContextBatch(CausalBatch frames, Parts parts) {

  /** Checks that batch and parts agree. */
  public ContextBatch {
    if (frames.context() != parts.context() || frames.chunk() != parts.target()) {
      throw new IllegalArgumentException(
          "a batch of "
              + frames.context()
              + " + "
              + frames.chunk()
              + " frames does not have the parts "
              + parts);
    }
  }

  /** How many samples. */
  public int samples() {
    return Math.toIntExact(frames.latents().size(0));
  }
}
