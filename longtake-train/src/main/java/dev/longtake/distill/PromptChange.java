package dev.longtake.distill;

import dev.longtake.rollout.PromptSwitch;
import java.util.Optional;

/** Whether the prompt changes once on the way, and what memory does then. */
public enum PromptChange {
  /** One prompt throughout. */
  NONE(Optional.empty()),

  /** See {@link PromptSwitch#KEEP}. */
  KEEP(Optional.of(PromptSwitch.KEEP)),

  /** See {@link PromptSwitch#FLUSH}. */
  FLUSH(Optional.of(PromptSwitch.FLUSH)),

  /** See {@link PromptSwitch#RECOMPUTE}; LongLive's way. */
  RECOMPUTE(Optional.of(PromptSwitch.RECOMPUTE));

  private final Optional<PromptSwitch> how;

  PromptChange(Optional<PromptSwitch> how) {
    this.how = how;
  }

  /** What memory does at the change. */
  public Optional<PromptSwitch> how() {
    return how;
  }
}
