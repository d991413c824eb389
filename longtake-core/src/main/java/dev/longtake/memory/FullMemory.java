package dev.longtake.memory;

/**
 * Everything, at absolute positions: cost grows with the length of the video. The published code
 * ends at 1024 latent frames (256 s), where its table of positions does; nothing ends here, but no
 * published model was trained for more than 21 positions.
 */
public record FullMemory() implements MemoryPolicy {

  @Override
  public int capacity() {
    return Integer.MAX_VALUE;
  }

  @Override
  public boolean comparesKeys() {
    return false;
  }

  @Override
  public Plan plan(Held held, int chunkFrames) {
    return Windows.plan(held, chunkFrames, 0, capacity(), Positions.ABSOLUTE);
  }

  @Override
  public Held remember(Held held, Plan plan, KeySimilarity keys) {
    return held.with(plan, 0);
  }

  @Override
  public String spec() {
    return "full";
  }
}
