package dev.longtake.memory;

/**
 * The first frames for good, and the last ones: LongLive with absolute positions, Infinity-RoPE and
 * LongLive's unbounded variant with positions by slot, Self Gradient Forcing with top-aligned ones.
 *
 * <p>Infinity-RoPE keeps its first key rotated and never rotates it again. That is the same thing:
 * slot 0 always stands at position 0.
 *
 * @param sink first latent frames of the video, never dropped; at least 0
 * @param frames latent frames attended in all, sink and chunk included; more than the sink
 * @param positions where frames stand in time
 */
public record SinkWindow(int sink, int frames, Positions positions) implements MemoryPolicy {

  /** Refuses windows that the sink would fill, and top-aligned ones longer than what is trained. */
  public SinkWindow {
    Windows.check(sink, frames);
    if (positions == Positions.TOP_ALIGNED && frames > Positions.TRAINED) {
      throw new IllegalArgumentException(
          "a top-aligned window stands within the "
              + Positions.TRAINED
              + " frames that models are trained on, and cannot hold "
              + frames
              + "; make frames smaller, or positions absolute");
    }
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
    return Windows.plan(held, chunkFrames, sink, frames, positions);
  }

  @Override
  public Held remember(Held held, Plan plan, KeySimilarity keys) {
    return held.with(plan, sink);
  }

  @Override
  public String spec() {
    return "sink-window:sink="
        + sink
        + ",frames="
        + frames
        + ",positions="
        + PolicySpec.word(positions);
  }
}
