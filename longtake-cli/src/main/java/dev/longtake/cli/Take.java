package dev.longtake.cli;

import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.PromptSchedule;

/**
 * One of the videos that are to be made.
 *
 * @param prompts what it shows
 * @param frames its pictures
 * @param files where it goes
 */
record Take(PromptSchedule prompts, long frames, OutputFiles files) {

  /**
   * Refuses a video that ends before its last prompt begins.
   *
   * @param firstChunk pictures of its first chunk
   */
  void requireRoom(int firstChunk) {
    long more = Math.max(0, frames - firstChunk);
    prompts.requireWithin(Math.toIntExact(1 + Math.ceilDiv(more, ModelConfig.CHUNK_PICTURES)));
  }
}
