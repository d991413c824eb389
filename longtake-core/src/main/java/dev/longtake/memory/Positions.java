package dev.longtake.memory;

import java.util.List;
import java.util.stream.IntStream;

/** Where frames stand in time for the rotary positions. */
public enum Positions {
  /** At their number in the video: grows without bound. The published tables end at 1024. */
  ABSOLUTE,
  /** At their place among the attended frames, 0 up: bounded by the memory's capacity. */
  BY_SLOT;

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
    };
  }

  private static int[] run(int first, int count) {
    return IntStream.range(first, first + count).toArray();
  }
}
