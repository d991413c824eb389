package dev.longtake.rollout;

import dev.longtake.memory.Memory;
import dev.longtake.memory.MemoryPolicy;
import dev.longtake.memory.ReleasedSlowFast;
import dev.longtake.memory.RollingWindow;
import java.util.Locale;

/**
 * What happens to memory when the prompt changes between two chunks. The picture goes on in any
 * case: the decoder keeps its state, and frames keep their numbers. The next chunk is generated and
 * remembered under the new prompt.
 */
public enum PromptSwitch {
  /**
   * Nothing: sink, slow and fast memory keep frames, keys and values, which were made under the old
   * prompt, and so do the positions. The old prompt fades as its frames leave fast memory; in sink
   * and slow memory it stays. Under {@link Recall#RECOMPUTED} keys are made anew for each chunk
   * with its prompt, so there this is the same as {@link #RECOMPUTE} but for the mean keys that
   * keyframes are chosen by.
   */
  KEEP,

  /**
   * The memory starts afresh from the sink and the latest two frames, as Infinity-RoPE's does: the
   * sink stays, slow memory is emptied, of fast memory the latest two frames stay. What stays keeps
   * its keys and values. Positions by slot close ranks and grow again from there; absolute ones are
   * frame numbers, before and after. Slow memory fills again with whatever leaves fast memory until
   * it is full.
   */
  FLUSH,

  /**
   * All frames that the next chunk attends, in sink, slow and fast memory alike, are passed once
   * more, clean, all together, at the positions at which that chunk sees them, under the
   * <em>new</em> prompt; the keys and values of that pass take the place of the old ones
   * (LongLive's recache). Which frames are held, where they stand and what is a keyframe does not
   * change; mean keys are taken anew, so that the next comparison is one of pictures and not of
   * prompts.
   */
  RECOMPUTE;

  /** How many of the latest frames outlast a flush. */
  static final int AFTER_FLUSH = 2;

  /** The word for it on a command line. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * Refuses what a memory cannot do.
   *
   * @throws IllegalArgumentException if the frames held differ from layer to layer, so that they
   *     cannot be passed together, or the next chunks were begun under the old prompt
   */
  public void requireFor(Memory memory) {
    switch (memory) {
      case MemoryPolicy policy -> {}
      case ReleasedSlowFast released -> {
        if (this == RECOMPUTE) {
          throw new IllegalArgumentException(
              "context-forcing-released holds other frames in every layer, which cannot be passed"
                  + " again together; at a change of prompt give keep or flush, or the memory"
                  + " context-forcing");
        }
      }
      case RollingWindow rolling -> {
        if (this == RECOMPUTE) {
          throw new IllegalArgumentException(
              "rolling-forcing has begun the next chunks under the old prompt, so new keys would not"
                  + " fit them; at a change of prompt give keep or flush");
        }
      }
    }
  }
}
