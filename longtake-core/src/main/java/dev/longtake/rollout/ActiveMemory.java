package dev.longtake.rollout;

import dev.longtake.memory.KvPast;
import dev.longtake.nn.AttentionSpan;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Tensor;
import dev.longtake.wan.Prompt;

/**
 * A memory at work in one rollout: what {@link Rollout} asks of it around the passes of a chunk. A
 * chunk goes: {@link #begin}, noisy passes, {@link #beforeCleanPass}, the clean pass, {@link
 * #remember}; whatever does not get that far is forgotten at the next beginning.
 */
sealed interface ActiveMemory extends AutoCloseable
    permits PlannedMemory, ReleasedMemory, RollingMemory {

  /** Latent frames remembered since the video began. */
  int frames();

  /**
   * Makes room for a chunk.
   *
   * @param prompt that the chunk is generated under
   * @return the temporal position of each frame of the chunk
   */
  int[] begin(int chunkFrames, Prompt prompt);

  /** What the queries of a layer see. */
  AttentionSpan layer(int index);

  /**
   * What the queries of every layer see besides their own tokens, for passes made again later; the
   * caller's to close.
   */
  KvPast past();

  /** Refuses a scale of guidance that cannot be used with this memory. */
  void checkGuidance(double guidance);

  /** The next pass is the clean one. */
  void beforeCleanPass();

  /** Takes in the chunk whose clean pass was just made. */
  void remember(@Axes("B C F Y X") Tensor clean);

  /** The prompt changes before the next chunk. */
  void onSwitch(PromptSwitch how);

  @Override
  void close();
}
