package dev.longtake.train;

import dev.longtake.memory.Held;
import dev.longtake.memory.KeySimilarity;
import dev.longtake.memory.MemoryPolicy;
import dev.longtake.memory.Plan;
import java.util.ArrayList;
import java.util.List;

/**
 * What a policy would have held before each chunk of a given video: the context that training uses.
 *
 * @param plans the plan of each chunk, from the first
 * @param comebacks chunks, in ascending order, that show again what had left the picture and is
 *     held: what only memory can tell
 * @param arrivals chunks, in ascending order, in which something that the caption names comes into
 *     view for the first time: what only the prompt can tell
 */
public record MemoryTrace(List<Plan> plans, List<Integer> comebacks, List<Integer> arrivals) {

  /** Copies the lists. */
  public MemoryTrace {
    plans = List.copyOf(plans);
    comebacks = List.copyOf(comebacks);
    arrivals = List.copyOf(arrivals);
    requireChunks("comes back", comebacks, plans.size());
    requireChunks("is an arrival", arrivals, plans.size());
  }

  private static void requireChunks(String what, List<Integer> chosen, int chunks) {
    for (int chunk : chosen) {
      if (chunk < 0 || chunk >= chunks) {
        throw new IllegalArgumentException(
            "no chunk " + chunk + " " + what + " among the " + chunks + " of a trace");
      }
    }
  }

  /** Whether a chunk shows something worth learning more often than it occurs. */
  @FunctionalInterface
  public interface Mark {
    /** No chunk does, or none is known to. */
    Mark NEVER = plan -> false;

    /**
     * Whether it does.
     *
     * @param plan of the chunk, with what is held before it
     */
    boolean at(Plan plan);
  }

  /** Follows a policy through a video of which it is not known what its chunks show. */
  public static MemoryTrace of(
      MemoryPolicy policy, KeySimilarity keys, int chunks, int chunkFrames) {
    return of(policy, keys, Mark.NEVER, Mark.NEVER, chunks, chunkFrames);
  }

  /**
   * Follows a policy through a video.
   *
   * @param keys how alike its frames are
   * @param comingBack which chunks show again what is held
   * @param arriving which chunks show something named for the first time
   * @param chunks how many chunks to follow
   * @param chunkFrames latent frames per chunk
   */
  public static MemoryTrace of(
      MemoryPolicy policy,
      KeySimilarity keys,
      Mark comingBack,
      Mark arriving,
      int chunks,
      int chunkFrames) {
    var plans = new ArrayList<Plan>();
    var comebacks = new ArrayList<Integer>();
    var arrivals = new ArrayList<Integer>();
    var held = Held.empty();
    for (int chunk = 0; chunk < chunks; chunk++) {
      var plan = policy.plan(held, chunkFrames);
      plans.add(plan);
      if (comingBack.at(plan)) {
        comebacks.add(chunk);
      }
      if (arriving.at(plan)) {
        arrivals.add(chunk);
      }
      held = policy.remember(held, plan, keys);
    }
    return new MemoryTrace(plans, comebacks, arrivals);
  }
}
