package dev.longtake.memory;

/**
 * How alike frames look to the model: the cosine of their mean keys, in [−1, 1].
 *
 * <p>Keys are those of the clean pass, before rotation (a rotated key also says where a frame
 * stands), averaged over all tokens of the frames. It must answer for every frame of a plan and of
 * the chunk that was just made. A policy may ask some hundred times after a chunk, so whoever
 * implements this has what it takes on the host by then.
 */
@FunctionalInterface
public interface KeySimilarity {

  /** Cosine between the mean key of some frames and the mean key of others. */
  double between(FrameRange a, FrameRange b);

  /** Cosine between the mean keys of two frames. */
  default double between(int frameA, int frameB) {
    return between(FrameRange.of(frameA), FrameRange.of(frameB));
  }
}
