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
 */
public record MemoryTrace(List<Plan> plans, List<Integer> comebacks) {

  /** Copies the lists. */
  public MemoryTrace {
    plans = List.copyOf(plans);
    comebacks = List.copyOf(comebacks);
    for (int chunk : comebacks) {
      if (chunk < 0 || chunk >= plans.size()) {
        throw new IllegalArgumentException(
            "no chunk " + chunk + " comes back among the " + plans.size() + " of a trace");
      }
    }
  }

  /** Whether a chunk shows again what a memory holds. */
  @FunctionalInterface
  public interface Comeback {
    /** No view comes back, or none is known to. */
    Comeback NEVER = plan -> false;

    /**
     * Whether it does.
     *
     * @param plan of the chunk, with what is held before it
     */
    boolean at(Plan plan);
  }

  /** Follows a policy through a video of which it is not known what comes back. */
  public static MemoryTrace of(
      MemoryPolicy policy, KeySimilarity keys, int chunks, int chunkFrames) {
    return of(policy, keys, Comeback.NEVER, chunks, chunkFrames);
  }

  /**
   * Follows a policy through a video.
   *
   * @param keys how alike its frames are
   * @param comeback which chunks show again what is held
   * @param chunks how many chunks to follow
   * @param chunkFrames latent frames per chunk
   */
  public static MemoryTrace of(
      MemoryPolicy policy, KeySimilarity keys, Comeback comeback, int chunks, int chunkFrames) {
    var plans = new ArrayList<Plan>();
    var comebacks = new ArrayList<Integer>();
    var held = Held.empty();
    for (int chunk = 0; chunk < chunks; chunk++) {
      var plan = policy.plan(held, chunkFrames);
      plans.add(plan);
      if (comeback.at(plan)) {
        comebacks.add(chunk);
      }
      held = policy.remember(held, plan, keys);
    }
    return new MemoryTrace(plans, comebacks);
  }
}
