package dev.longtake.rollout;

/**
 * Hears of the parts of each chunk, on the thread that makes it. For measurements: a GPU may still
 * be at work on a part that is done here, so who takes the time synchronises first.
 */
@FunctionalInterface
public interface ChunkWatch {
  /** Pays no attention. */
  ChunkWatch NONE = part -> {};

  /** That part of the current chunk is done, as far as the processor is concerned. */
  void done(ChunkPart part);
}
