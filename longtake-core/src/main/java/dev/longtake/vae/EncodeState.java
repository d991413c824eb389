package dev.longtake.vae;

/**
 * Where the encoding of a video stands: what its past frames left behind, so that the next ones go
 * on without a seam.
 *
 * <p>Bounded by the size of a picture, however long the video gets. Start a new one for every
 * video; close it when done. Confined to one thread at a time.
 */
public final class EncodeState implements AutoCloseable {
  final FrameCache cache;

  private EncodeState(FrameCache cache) {
    this.cache = cache;
  }

  /** The start of a video. */
  public static EncodeState start() {
    return new EncodeState(new FrameCache());
  }

  /** How many pixel frames have passed. */
  public long pixelFrames() {
    return cache.frames();
  }

  /** How many bytes it holds; what forks share counts for each. */
  public long bytes() {
    return cache.bytes();
  }

  /**
   * A state that goes on from this moment on its own, to be closed on its own. Costs no memory
   * until the two move on.
   *
   * @throws IllegalStateException if this was closed, or its last pass failed
   */
  public EncodeState fork() {
    return new EncodeState(cache.fork());
  }

  @Override
  public void close() {
    cache.close();
  }
}
