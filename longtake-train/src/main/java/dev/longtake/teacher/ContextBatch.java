package dev.longtake.teacher;

import dev.longtake.train.VideoBatch;

/**
 * Frames to train a context teacher on.
 *
 * @param frames context, then target, of each sample, and what the transformer reads of its caption
 * @param parts what the frames are, the same for all samples
 */
public record ContextBatch(VideoBatch frames, Parts parts) {

  /** Checks that batch and parts agree. */
  public ContextBatch {
    if (frames.latents().size(2) != parts.frames()) {
      throw new IllegalArgumentException(
          "a batch of "
              + frames.latents().size(2)
              + " frames does not have the parts "
              + parts
              + " of "
              + parts.frames());
    }
  }

  /** How many samples. */
  public int samples() {
    return Math.toIntExact(frames.latents().size(0));
  }
}
