package dev.longtake.rollout;

import dev.longtake.memory.KvPast;
import dev.longtake.memory.KvStore.Geometry;
import dev.longtake.memory.ReleasedSlowFast;
import dev.longtake.memory.ReleasedStore;
import dev.longtake.nn.AttentionSpan;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Tensor;
import dev.longtake.wan.Prompt;

/** The released Context Forcing code's memory at work: every pass writes to it. */
final class ReleasedMemory implements ActiveMemory {
  private final ReleasedSlowFast memory;
  private final ReleasedStore store;

  ReleasedMemory(ReleasedSlowFast memory, Geometry geometry, Device device) {
    this.memory = memory;
    store = new ReleasedStore(memory, geometry, device);
  }

  @Override
  public int frames() {
    return store.frames();
  }

  @Override
  public int[] begin(int chunkFrames, Prompt prompt) {
    return store.begin(chunkFrames);
  }

  @Override
  public AttentionSpan layer(int index) {
    return store.layer(index);
  }

  @Override
  public void checkGuidance(double guidance) {
    requireNone(guidance);
  }

  @Override
  public KvPast past() {
    throw new IllegalStateException(
        "context-forcing-released writes in every pass, so none can be made again; train with"
            + " context-forcing");
  }

  /**
   * Refuses guidance: a pass without the prompt would be remembered and compared like any other.
   */
  static void requireNone(double guidance) {
    if (guidance != 1) {
      throw new IllegalArgumentException(
          "context-forcing-released learns from every pass, so none may be made without the"
              + " prompt: guidance is "
              + guidance
              + "; give 1");
    }
  }

  @Override
  public void beforeCleanPass() {}

  @Override
  public void remember(Tensor clean) {
    store.commit();
  }

  @Override
  public void onSwitch(PromptSwitch how) {
    how.requireFor(memory);
    if (how == PromptSwitch.FLUSH) {
      store.flush(PromptSwitch.AFTER_FLUSH);
    }
  }

  @Override
  public void close() {
    store.close();
  }
}
