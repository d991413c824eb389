package dev.longtake.memory;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What is remembered after a chunk: everything a policy needs to go on, and nothing else. It holds
 * numbers only, so it can be printed, saved, compared and forked; {@code KvStore} has the tensors.
 *
 * @param slots what is held, by strictly increasing frame and by region
 * @param frames latent frames generated so far
 * @param chunks chunks generated so far
 * @param latest latent frames of the latest chunk; 0 before the first
 * @param evictions frames that will make way, in this order, each when a keyframe leaves fast
 *     memory and finds slow memory full; a frame may be that keyframe itself
 */
public record Held(List<Slot> slots, int frames, int chunks, int latest, List<Integer> evictions) {
  private static final Held EMPTY = new Held(List.of(), 0, 0, 0, List.of());

  /** Copies the lists; refuses slots out of order or from the future. */
  public Held {
    slots = List.copyOf(slots);
    evictions = List.copyOf(evictions);
    checkOrder(slots, frames);
    if (latest < 0 || latest > frames || chunks < 0 || chunks > frames) {
      throw new IllegalArgumentException(
          chunks
              + " chunks, the latest of "
              + latest
              + " frames, do not make "
              + frames
              + " frames");
    }
  }

  /** Before the first chunk. */
  public static Held empty() {
    return EMPTY;
  }

  /** The slots of one region, oldest first. */
  public List<Slot> in(Region region) {
    return slots.stream().filter(slot -> slot.region() == region).toList();
  }

  /** The frames of one region, oldest first. */
  public List<Integer> framesIn(Region region) {
    return in(region).stream().map(Slot::frame).toList();
  }

  /**
   * The memory after a flush, as at a change of prompt: the sink and the latest frames.
   *
   * @param last how many of the latest frames stay, at least 0; Infinity-RoPE keeps 2
   */
  public Held flushed(int last) {
    if (last < 0) {
      throw new IllegalArgumentException("cannot keep the last " + last + " frames; 0 keeps none");
    }
    var kept =
        slots.stream()
            .filter(slot -> slot.region() == Region.SINK || slot.frame() >= frames - last)
            .toList();
    return new Held(kept, frames, chunks, latest, List.of());
  }

  /**
   * What the plan kept and then the chunk, whose frames go to the sink while that is being filled
   * and to fast memory afterwards.
   */
  Held with(Plan plan, int sink) {
    var next = new ArrayList<>(plan.past());
    var own = slots.stream().map(Slot::frame).collect(Collectors.toSet());
    for (var slot : plan.past()) {
      if (!own.contains(slot.frame())) {
        throw new IllegalArgumentException(
            "the plan attends frame "
                + slot.frame()
                + ", which is not held; it was made for"
                + " another state: plan from this one");
      }
    }
    int chunk = plan.chunkFrames();
    for (int frame = frames; frame < frames + chunk; frame++) {
      next.add(new Slot(frame, frame < sink ? Region.SINK : Region.FAST));
    }
    return new Held(next, frames + chunk, chunks + 1, chunk, List.of());
  }

  static void checkOrder(List<Slot> slots, int frames) {
    for (int i = 0; i < slots.size(); i++) {
      var slot = slots.get(i);
      if (slot.frame() >= frames) {
        throw new IllegalArgumentException(
            "frame " + slot.frame() + " is held, but only " + frames + " frames were generated");
      }
      if (i > 0
          && (slots.get(i - 1).frame() >= slot.frame()
              || slots.get(i - 1).region().compareTo(slot.region()) > 0)) {
        throw new IllegalArgumentException(
            slot + " stands after " + slots.get(i - 1) + "; memory is sorted by time and region");
      }
    }
  }
}
