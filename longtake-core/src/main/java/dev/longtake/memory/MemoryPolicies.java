package dev.longtake.memory;

/** The published memories, and memories by name. */
public final class MemoryPolicies {
  private MemoryPolicies() {}

  /** Self-Forcing (arXiv 2506.08009): the last 21 latent frames. */
  public static final SlidingWindow SELF_FORCING = new SlidingWindow(21);

  /** LongLive 1.0: 3 sink frames and the last 9. */
  public static final SinkWindow LONGLIVE = new SinkWindow(3, 12, Positions.ABSOLUTE);

  /** Infinity-RoPE: 1 sink frame and the last 5, at positions 0 to 5. */
  public static final SinkWindow INFINITY_ROPE = new SinkWindow(1, 6, Positions.BY_SLOT);

  /** Context Forcing (arXiv 2602.06028) as its paper defines it: 3 + 12 + 6 latent frames. */
  public static final SlowFast CONTEXT_FORCING = new SlowFast(3, 12, 6, 0.95, 2, Eviction.OLDEST);

  /**
   * The same slots, giving up what is redundant rather than what is old. Every second chunk is
   * offered, since a comparison with the chunk before says how fast the picture changes, not
   * whether the view is new: a camera that turns slowly never falls below a threshold.
   */
  public static final SlowFast CONTEXT_FORCING_REDUNDANT =
      new SlowFast(3, 12, 6, SlowFast.ALWAYS, 2, Eviction.REDUNDANT);

  /** Context Forcing as its released code behaves, for weights trained with it. */
  public static final ReleasedSlowFast CONTEXT_FORCING_RELEASED =
      new ReleasedSlowFast(3, 12, 6, 0.95);

  /** Rolling Forcing (arXiv 2509.25161): 3 sink frames and 18 more, those being made included. */
  public static final RollingWindow ROLLING_FORCING = new RollingWindow(3, 21);

  /**
   * The memory of that name, its parameters changed by the arguments after a colon:
   *
   * <pre>
   *   full
   *   sliding-window            sliding-window:21            (also frames=21)
   *   sink-window               sink-window:sink=3,frames=12,positions=absolute | by-slot |
   *                                         top-aligned
   *   slow-fast                 slow-fast:sink=3,slow=12,fast=6,threshold=0.95,interval=2,
   *                                       eviction=oldest | redundant
   *   slow-fast-redundant       the same with threshold=2,eviction=redundant
   *   context-forcing-released  context-forcing-released:sink=3,slow=12,fast=6,threshold=0.95
   *   rolling-forcing           rolling-forcing:sink=3,frames=21
   *   self-forcing, longlive, infinity-rope, context-forcing     the constants above
   * </pre>
   *
   * @throws IllegalArgumentException if a name or value is unknown, naming the choices
   */
  public static Memory parse(String spec) {
    return PolicySpec.parse(spec);
  }

  /**
   * The policy of that name, where a memory must be planned ahead of the passes: to choose the
   * context of a training sample, say.
   *
   * @throws IllegalArgumentException as {@link #parse} does, and for a memory that is no policy
   */
  public static MemoryPolicy policy(String spec) {
    return switch (PolicySpec.parse(spec)) {
      case MemoryPolicy policy -> policy;
      case ReleasedSlowFast released ->
          throw new IllegalArgumentException(
              "'"
                  + spec.strip()
                  + "' decides in every pass and layer, so nothing can be planned with it; give"
                  + " context-forcing, which decides once a chunk");
      case RollingWindow rolling ->
          throw new IllegalArgumentException(
              "'"
                  + spec.strip()
                  + "' serves several chunks that are denoised together, so none can be planned by"
                  + " itself with it; give self-forcing, whose window is as long");
    };
  }
}
