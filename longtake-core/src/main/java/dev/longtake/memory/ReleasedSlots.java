package dev.longtake.memory;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The slots of one layer, as the released Context Forcing code moves what they hold. A value: a
 * pass gives the next one. What a slot holds does not matter here; it is a frame number in tests,
 * keys and values in the store.
 *
 * @param memory sizes
 * @param slots what the filled slots hold, slot 0 first
 * @param frames latent frames since the video began, those of the latest pass included
 * @param keyframes slow slots taken by keyframes
 * @param latestKeyframe number of the latest keyframe; −1 before the first
 */
record ReleasedSlots<E>(
    ReleasedSlowFast memory, List<E> slots, int frames, int keyframes, int latestKeyframe) {

  /** Copies the list. */
  ReleasedSlots {
    slots = List.copyOf(slots);
  }

  /** Before the first chunk. */
  static <E> ReleasedSlots<E> empty(ReleasedSlowFast memory) {
    return new ReleasedSlots<>(memory, List.of(), 0, 0, -1);
  }

  /**
   * What the slots hold once a pass has written to them; it attends to exactly that.
   *
   * @param first number of the pass's first frame; one that was passed before is passed again
   * @param block what the pass's frames are, as many as when they were first passed
   * @param surprise whether the first of them is to be a keyframe, unless it is one already
   */
  ReleasedSlots<E> pass(int first, List<E> block, boolean surprise) {
    boolean fires = surprise && latestKeyframe != first;
    var next = new ArrayList<>(slots);
    int count = keyframes;
    if (fires) {
      count = consolidate(next, block.getFirst());
    }
    int end = first + block.size();
    if (end > frames) {
      makeRoom(next, block.size());
    } else {
      next.subList(next.size() - block.size(), next.size()).clear();
    }
    next.addAll(block);
    return new ReleasedSlots<>(
        memory, next, Math.max(frames, end), count, fires ? first : latestKeyframe);
  }

  /** The sink and the latest frames alone; slow memory fills anew. */
  ReleasedSlots<E> flushed(int last) {
    int sink = Math.min(memory.sink(), slots.size());
    int kept = Math.min(last, slots.size() - sink);
    var next = new ArrayList<>(slots.subList(0, sink));
    next.addAll(slots.subList(slots.size() - kept, slots.size()));
    return new ReleasedSlots<>(memory, next, frames, 0, -1);
  }

  /** The temporal position of each slot: the sink from 0, the rest up to the newest frame's. */
  int[] positions() {
    int newest = Math.min(frames, memory.capacity()) - 1;
    int afterSink = newest - (slots.size() - memory.sink() - 1);
    return IntStream.range(0, slots.size())
        .map(slot -> slot < memory.sink() ? slot : afterSink + slot - memory.sink())
        .toArray();
  }

  /** Puts a keyframe into the next slow slot, or shifts the oldest out of a full slow memory. */
  private int consolidate(List<E> next, E keyframe) {
    if (keyframes < memory.slow()) {
      int slot = memory.sink() + keyframes;
      next.subList(slot, Math.min(slot + 1, next.size())).clear();
      next.add(slot, keyframe);
      return keyframes + 1;
    }
    next.remove(memory.sink());
    next.add(memory.sink() + memory.slow() - 1, keyframe);
    return keyframes;
  }

  /** Shifts out of fast memory what does not fit beside the chunk. */
  private void makeRoom(List<E> next, int chunk) {
    int overflow = next.size() + chunk - memory.capacity();
    if (overflow > 0) {
      int fast = memory.sink() + memory.slow();
      next.subList(fast, fast + overflow).clear();
    }
  }
}
