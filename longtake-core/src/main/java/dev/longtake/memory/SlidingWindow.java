package dev.longtake.memory;

/**
 * The last frames, at absolute positions: Self-Forcing's rolling cache.
 *
 * @param frames latent frames attended, the chunk included; at least 1
 */
public record SlidingWindow(int frames) implements MemoryPolicy {

  /** Refuses windows without a frame. */
  public SlidingWindow {
    Windows.check(0, frames);
  }

  @Override
  public int capacity() {
    return frames;
  }

  @Override
  public boolean comparesKeys() {
    return false;
  }

  @Override
  public Plan plan(Held held, int chunkFrames) {
    return Windows.plan(held, chunkFrames, 0, frames, Positions.ABSOLUTE);
  }

  @Override
  public Held remember(Held held, Plan plan, KeySimilarity keys) {
    return held.with(plan, 0);
  }

  @Override
  public String spec() {
    return "sliding-window:" + frames;
  }
}
