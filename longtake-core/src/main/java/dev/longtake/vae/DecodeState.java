package dev.longtake.vae;

/**
 * Where the decoding of a video stands: what its past latents left behind, so that the next ones go
 * on without a seam.
 *
 * <p>Bounded by the size of a picture, however long the video gets. Start a new one for every
 * video; close it when done. Confined to one thread at a time.
 */
public final class DecodeState implements AutoCloseable {
  final FrameCache cache;

  private DecodeState(FrameCache cache) {
    this.cache = cache;
  }

  /** The start of a video. */
  public static DecodeState start() {
    return new DecodeState(new FrameCache());
  }

  /** How many latent frames have passed. */
  public long latentFrames() {
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
  public DecodeState fork() {
    return new DecodeState(cache.fork());
  }

  @Override
  public void close() {
    cache.close();
  }
}
