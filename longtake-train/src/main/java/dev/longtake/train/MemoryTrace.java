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
 */
public record MemoryTrace(List<Plan> plans) {

  /** Copies the list. */
  public MemoryTrace {
    plans = List.copyOf(plans);
  }

  /**
   * Follows a policy through a video.
   *
   * @param keys how alike its frames are
   * @param chunks how many chunks to follow
   * @param chunkFrames latent frames per chunk
   */
  public static MemoryTrace of(
      MemoryPolicy policy, KeySimilarity keys, int chunks, int chunkFrames) {
    var plans = new ArrayList<Plan>();
    var held = Held.empty();
    for (int chunk = 0; chunk < chunks; chunk++) {
      var plan = policy.plan(held, chunkFrames);
      plans.add(plan);
      held = policy.remember(held, plan, keys);
    }
    return new MemoryTrace(plans);
  }
}
