package dev.longtake.distill;

import dev.longtake.nn.AttentionSpan;

/** What kind of video model teacher and critic are. */
public enum Sight {
  /** All shown frames see one another, as in Wan; the judged ones are noised and seen together. */
  BIDIRECTIONAL {
    @Override
    AttentionSpan span(long contextTokens) {
      return AttentionSpan.FULL;
    }
  },

  /**
   * A causal model of many steps that was trained with given context, clean, before a noisy chunk:
   * each judged chunk is seen alone after its own context. By the chain rule the chunks' scores
   * together are those of the whole.
   */
  CAUSAL_WITH_MEMORY {
    @Override
    AttentionSpan span(long contextTokens) {
      return contextTokens == 0
          ? AttentionSpan.FULL
          : AttentionSpan.contextThenChunk(contextTokens);
    }
  };

  /** What the tokens of a pass see, context first. */
  abstract AttentionSpan span(long contextTokens);
}
