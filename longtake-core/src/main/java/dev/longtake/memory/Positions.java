package dev.longtake.memory;

import java.util.List;
import java.util.stream.IntStream;

/** Where frames stand in time for the rotary positions. */
public enum Positions {
  /** At their number in the video: grows without bound. The published tables end at 1024. */
  ABSOLUTE,
  /** At their place among the attended frames, 0 up: bounded by the memory's capacity. */
  BY_SLOT,
  /**
   * The sink at 0 up, all else to the right, so that the newest frame stands at the last position
   * of the clips that models are trained on: at its number before that many were made. What was
   * dropped between the two leaves a gap, as it does in training (Self Gradient Forcing).
   */
  TOP_ALIGNED;

  /** Latent frames of the clips that the published models are trained on. */
  static final int TRAINED = 21;

  /** The plan that attends these held frames and the chunk that comes next. */
  Plan place(List<Slot> past, Held held, int chunkFrames, int capacity) {
    int attended = past.size() + chunkFrames;
    if (attended > capacity) {
      throw new IllegalArgumentException(
          attended
              + " frames to attend and room for "
              + capacity
              + "; what is held was made under another policy, go on with that one or start anew");
    }
    return switch (this) {
      case ABSOLUTE ->
          new Plan(
              past, past.stream().mapToInt(Slot::frame).toArray(), run(held.frames(), chunkFrames));
      case BY_SLOT -> new Plan(past, run(0, past.size()), run(past.size(), chunkFrames));
      case TOP_ALIGNED -> {
        int beyond = Math.max(0, held.frames() + chunkFrames - TRAINED);
        yield new Plan(
            past,
            past.stream()
                .mapToInt(slot -> slot.frame() - (slot.region() == Region.SINK ? 0 : beyond))
                .toArray(),
            run(held.frames() - beyond, chunkFrames));
      }
    };
  }

  private static int[] run(int first, int count) {
    return IntStream.range(first, first + count).toArray();
  }
}
