package dev.longtake.memory;

import java.util.List;

/** Which entry makes way when slow memory is full and a keyframe comes. */
public enum Eviction {
  /**
   * The oldest (the paper: first in, first out). Twelve entries at every sixth frame then reach
   * back some 18 s and no further, however still the scene.
   */
  OLDEST {
    @Override
    int choose(List<Slot> sink, List<Slot> slow, KeySimilarity keys) {
      return slow.getFirst().frame();
    }
  },

  /**
   * The newer of the two frames that are most alike, among sink, slow memory and the newcomer,
   * which may be refused itself. Distinct views then stay for as long as the video runs: a view
   * that comes back adds nothing, a paused camera fills nothing, and consecutive frames from the
   * beginning go before distinct ones.
   *
   * <p>Of two like frames the older stays because it is nearer to the first sighting: each later
   * one was generated from earlier ones, and copies of copies drift. It follows that the oldest
   * frame is never evicted, so without a sink it becomes one. Between pairs equally alike the pair
   * with the newest frame decides, so an all-equal memory stays as it is.
   */
  REDUNDANT {
    @Override
    int choose(List<Slot> sink, List<Slot> slow, KeySimilarity keys) {
      int victim = slow.getLast().frame();
      double most = Double.NEGATIVE_INFINITY;
      for (int i = slow.size() - 1; i >= 0; i--) {
        int frame = slow.get(i).frame();
        double likeness =
            Math.max(likeness(frame, sink, keys), likeness(frame, slow.subList(0, i), keys));
        if (likeness > most) {
          most = likeness;
          victim = frame;
        }
      }
      return victim;
    }
  };

  /**
   * The frame to give up.
   *
   * @param sink never given up
   * @param slow the entries and, last, the newcomer; at least one
   */
  abstract int choose(List<Slot> sink, List<Slot> slow, KeySimilarity keys);

  private static double likeness(int frame, List<Slot> older, KeySimilarity keys) {
    double most = Double.NEGATIVE_INFINITY;
    for (var slot : older) {
      most =
          Math.max(
              most, SlowFast.similarity(keys, FrameRange.of(slot.frame()), FrameRange.of(frame)));
    }
    return most;
  }
}
