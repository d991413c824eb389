package dev.longtake.memory;

import java.util.ArrayList;

/** What the policies share that keep the first and the last frames and choose nothing between. */
final class Windows {
  private Windows() {}

  static void check(int sink, int frames) {
    if (sink < 0 || frames <= sink) {
      throw new IllegalArgumentException(
          "a window of "
              + frames
              + " frames has no room beside a sink of "
              + sink
              + "; give it at least "
              + (Math.max(sink, 0) + 1)
              + " frames and a sink from 0");
    }
  }

  static void checkChunk(int chunkFrames) {
    if (chunkFrames < 1) {
      throw new IllegalArgumentException(
          "a chunk of " + chunkFrames + " frames; it has at least 1");
    }
  }

  /** Keeps the sink and as many of the latest frames as the chunk leaves room for. */
  static Plan plan(Held held, int chunkFrames, int sink, int frames, Positions positions) {
    checkChunk(chunkFrames);
    int room = frames - sink - chunkFrames;
    if (room < 0) {
      throw new IllegalArgumentException(
          "a window of "
              + frames
              + " frames cannot hold a sink of "
              + sink
              + " and a chunk of "
              + chunkFrames
              + "; make it at least "
              + (sink + chunkFrames)
              + " frames, or sink or chunk smaller");
    }
    var past = new ArrayList<>(held.in(Region.SINK));
    var window = held.in(Region.FAST);
    past.addAll(window.subList(Math.max(0, window.size() - room), window.size()));
    return positions.place(past, held, chunkFrames, frames);
  }
}
