package dev.longtake.rollout;

/**
 * Hears of the parts of each chunk, each on the thread that does it: with {@link Overlap#ON}
 * decoding has its own, and tells of a chunk while the next one is in work. For measurements: a GPU
 * may still be at work on a part that is done here, so who takes the time synchronises first.
 */
@FunctionalInterface
public interface ChunkWatch {
  /** Pays no attention. */
  ChunkWatch NONE = part -> {};

  /** That part of the current chunk is done, as far as the processor is concerned. */
  void done(ChunkPart part);
}
