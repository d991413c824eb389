package dev.longtake.data;

/** Where a device's batches come from: a cache, or clips that are encoded as they are needed. */
public interface LatentSource extends AutoCloseable {

  /**
   * The batch of a step, on the training device, owned by the caller's scope; the same for the same
   * step.
   *
   * @param step from 0, ever larger
   */
  LatentBatch at(long step);

  @Override
  void close();
}
