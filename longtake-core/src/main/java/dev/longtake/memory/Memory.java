package dev.longtake.memory;

/**
 * What a causal model may look back at. Most memories are a {@link MemoryPolicy}, which decides
 * once a chunk and for all layers; {@link ReleasedSlowFast} decides in every layer and pass, and
 * {@link RollingWindow} serves several chunks at once.
 *
 * <p>Memories are values: they say how to remember and hold nothing.
 */
public sealed interface Memory permits MemoryPolicy, ReleasedSlowFast, RollingWindow {

  /**
   * Most latent frames ever attended at once, the chunk included; {@link Integer#MAX_VALUE} where
   * there is no bound.
   */
  int capacity();

  /**
   * Refuses chunks that it has no room for.
   *
   * @param chunkFrames latent frames of a chunk, at least 1
   * @throws IllegalArgumentException naming both sizes
   */
  void requireRoom(int chunkFrames);

  /** This memory in words that {@link MemoryPolicies#parse} understands. */
  String spec();
}
