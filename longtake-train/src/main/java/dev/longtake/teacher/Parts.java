package dev.longtake.teacher;

import java.util.stream.IntStream;

/**
 * How many latent frames of each part a sequence has, in the order they stand in. They stand at
 * contiguous positions from 0; the target alone has loss.
 *
 * @param sink first frames of the video
 * @param sparse single frames from further back
 * @param motion the latest frames before the target
 * @param target what is to be generated, at least 1
 */
public record Parts(int sink, int sparse, int motion, int target) {

  /** Refuses negative numbers, and sequences without context or target. */
  public Parts {
    if (sink < 0 || sparse < 0 || motion < 0 || sink + sparse + motion == 0 || target < 1) {
      throw new IllegalArgumentException(
          "a sequence needs a context and a target of at least 1 frame, not "
              + sink
              + " + "
              + sparse
              + " + "
              + motion
              + " frames and a target of "
              + target);
    }
  }

  /** Frames before the target. */
  public int context() {
    return sink + sparse + motion;
  }

  /** All frames. */
  public int frames() {
    return context() + target;
  }

  /** Temporal position of each frame: 0, 1, 2, …, whatever its number in the video. */
  public int[] positions() {
    return IntStream.range(0, frames()).toArray();
  }

  /** Whether the frame at a position is part of the loss: the target's are, and no other. */
  public boolean hasLoss(int position) {
    return position >= context() && position < frames();
  }
}
