package dev.longtake.teacher;

import dev.longtake.rollout.ModelConfig;
import java.util.ArrayList;

/**
 * Which earlier latent frames a teacher sees, as a pure function of where its target begins, as the
 * released code of Context Forcing lays them out: {@code [sink | sparse | motion | target]} at
 * contiguous positions.
 *
 * <p>Everything is counted in latent frames, four a second. No frame comes twice, no place stays
 * empty, however short the past.
 *
 * @param sink first frames of the video, at least 0
 * @param sparse most single frames from further back, at least 0
 * @param spread how these are chosen
 * @param reach how far before the motion window they may lie; at least {@code sparse}, 0 if that is
 *     0, and a multiple of it if strided
 * @param motion frames directly before the target, at least 0
 * @param target frames to be generated, a multiple of the chunk
 */
public record ContextLayout(
    int sink, int sparse, Spread spread, int reach, int motion, int target) {

  /** How sparse frames lie in the stretch between sink and motion window, of at most the reach. */
  public enum Spread {
    /** From its beginning, one every {@code reach / sparse} frames, fewer if the past is short. */
    STRIDED,
    /** As many as there may be, evenly over what there is. */
    EVEN
  }

  /**
   * The released training script: 3 sink frames, up to 12 frames 1.5 s apart, 6 motion frames and
   * 21 to generate.
   */
  public static final ContextLayout RELEASED = new ContextLayout(3, 12, Spread.STRIDED, 72, 6, 21);

  /** The paper: as many frames, sampled evenly from the 5 to 20 s before the target. */
  public static final ContextLayout PAPER = new ContextLayout(3, 12, Spread.EVEN, 74, 6, 21);

  /** What the released second stage shows its teacher: the 21 frames directly before the target. */
  public static final ContextLayout CONTIGUOUS = new ContextLayout(0, 0, Spread.STRIDED, 0, 21, 21);

  /** Checks the geometry. */
  public ContextLayout {
    if (target < 1 || target % ModelConfig.CHUNK != 0) {
      throw new IllegalArgumentException(
          "target must be a multiple of the chunk of " + ModelConfig.CHUNK + ", not " + target);
    }
    if (sink < 0 || sparse < 0 || motion < 0 || sink + motion < 1) {
      throw new IllegalArgumentException(
          "sink, sparse and motion must be at least 0 and sink + motion at least 1, not "
              + sink
              + ", "
              + sparse
              + " and "
              + motion);
    }
    requireReach(sparse, spread, reach);
  }

  private static void requireReach(int sparse, Spread spread, int reach) {
    if (sparse == 0 && reach != 0) {
      throw new IllegalArgumentException("reach must be 0 without sparse frames, not " + reach);
    }
    if (reach < sparse) {
      throw new IllegalArgumentException(
          "reach must be at least the number of sparse frames, " + sparse + ", not " + reach);
    }
    if (sparse > 0 && spread == Spread.STRIDED && reach % sparse != 0) {
      throw new IllegalArgumentException(
          "reach must be a multiple of the number of sparse frames, "
              + sparse
              + ", not "
              + reach
              + "; or spread them evenly");
    }
  }

  /** The fewest frames that must lie before a target. */
  public int least() {
    return sink + motion;
  }

  /**
   * The frames for a target.
   *
   * @param first number of its first frame
   * @throws IllegalArgumentException if too few lie before it
   */
  public Placement at(int first) {
    if (first < least()) {
      throw new IllegalArgumentException(
          "sink and motion window need "
              + least()
              + " latent frames before a target, there are "
              + first
              + "; begin it later or make them smaller");
    }
    int end = first - motion;
    int start = Math.max(sink, end - reach);
    int room = end - start;
    int stride = sparse == 0 ? 1 : reach / sparse;
    int singles =
        switch (spread) {
          case STRIDED -> Math.min(sparse, (room + stride - 1) / stride);
          case EVEN -> Math.min(sparse, room);
        };
    var frames = new ArrayList<Integer>();
    Placement.addRange(frames, 0, sink);
    for (int i = 0; i < singles; i++) {
      frames.add(
          start
              + switch (spread) {
                case STRIDED -> stride * i;
                case EVEN -> i * room / singles;
              });
    }
    Placement.addRange(frames, end, first + target);
    return new Placement(frames, new Parts(sink, singles, motion, target));
  }

  /** Whether a frame can still be seen by a target that begins at {@code first} or later. */
  public boolean mayStillSee(int frame, int first) {
    return frame < sink || frame >= first - motion - reach;
  }
}
