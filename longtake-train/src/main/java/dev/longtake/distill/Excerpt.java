package dev.longtake.distill;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Tensor;

/**
 * One pass of a teacher or critic: clean context, then frames of the judged window.
 *
 * @param context clean latents, maybe of no frames
 * @param first first frame of the pass, counted in the window
 * @param frames how many from there
 * @param scored how many of those, from the end, are scored
 */
public record Excerpt(@Axes("B C F Y X") Tensor context, int first, int frames, int scored) {

  /** Whether a pass of the other has as many frames of each kind. */
  boolean isAsLargeAs(Excerpt other) {
    return contextFrames() == other.contextFrames()
        && frames == other.frames
        && scored == other.scored;
  }

  /** Frames of the pass, context and all. */
  int allFrames() {
    return contextFrames() + frames;
  }

  /** Frames of context. */
  public int contextFrames() {
    return Math.toIntExact(context.size(2));
  }
}
