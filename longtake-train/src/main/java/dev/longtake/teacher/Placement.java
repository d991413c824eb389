package dev.longtake.teacher;

import dev.longtake.memory.Plan;
import dev.longtake.memory.Region;
import dev.longtake.memory.Slot;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Which latent frames of a video the teacher sees for a target, the target's last.
 *
 * @param frames numbers from 0, strictly increasing
 * @param parts which of them are what
 */
public record Placement(List<Integer> frames, Parts parts) {

  /** Copies the list; refuses frames that are not as many, or of which one comes twice. */
  public Placement {
    frames = List.copyOf(frames);
    if (frames.size() != parts.frames()) {
      throw new IllegalArgumentException(frames.size() + " frames do not fill " + parts);
    }
    for (int i = 1; i < frames.size(); i++) {
      if (frames.get(i) <= frames.get(i - 1)) {
        throw new IllegalArgumentException("frames must strictly increase, not " + frames);
      }
    }
  }

  /**
   * What a memory holds when the target's first chunk comes, as context (Context Forcing: teacher
   * and student share the memory).
   *
   * @param plan of that chunk; its past must not be empty
   * @param first number of the target's first frame
   * @param target latent frames of the target
   */
  public static Placement remembered(Plan plan, int first, int target) {
    var frames = new ArrayList<>(plan.past().stream().map(Slot::frame).toList());
    addRange(frames, first, first + target);
    return new Placement(
        frames,
        new Parts(
            count(plan, Region.SINK), count(plan, Region.SLOW), count(plan, Region.FAST), target));
  }

  private static int count(Plan plan, Region region) {
    return (int) plan.past().stream().filter(slot -> slot.region() == region).count();
  }

  static void addRange(List<Integer> frames, int first, int end) {
    IntStream.range(first, end).forEach(frames::add);
  }

  /** The context's frames. */
  public List<Integer> context() {
    return frames.subList(0, parts.context());
  }
}
