package dev.longtake.memory;

/**
 * Decides what a causal model may look back at while it generates the next chunk.
 *
 * <p>Policies are values and their methods pure functions: equal arguments give equal results, and
 * nothing is changed. One decision serves all layers. A chunk takes two calls:
 *
 * <pre>{@code
 * var plan = policy.plan(held, 3);              // before it is generated
 * held = policy.remember(held, plan, keys);     // after its clean pass
 * }</pre>
 *
 * <p>Lengths are in latent frames. What is held goes on under the policy that made it.
 */
public sealed interface MemoryPolicy extends Memory
    permits FullMemory, SlidingWindow, SinkWindow, SlowFast {

  /**
   * Whether {@link #remember} may compare keys. Where not, mean keys need not be kept, and any
   * {@link KeySimilarity} will do.
   */
  boolean comparesKeys();

  /**
   * Makes room for a chunk and gives every attended frame its temporal position.
   *
   * @param held what is remembered, made by this policy
   * @param chunkFrames latent frames of the chunk, at least 1
   * @throws IllegalArgumentException if the memory is too small for such a chunk
   */
  Plan plan(Held held, int chunkFrames);

  @Override
  default void requireRoom(int chunkFrames) {
    plan(Held.empty(), chunkFrames);
  }

  /**
   * What is remembered once the chunk is clean.
   *
   * @param held what the plan was made from
   * @param plan what the chunk was generated with
   * @param keys answers for all frames of the plan and the chunk's own
   * @throws IllegalArgumentException if the plan attends what is not held, or keys are not finite
   */
  Held remember(Held held, Plan plan, KeySimilarity keys);
}
