package dev.longtake.rollout;

import dev.longtake.memory.KvPast;
import dev.longtake.memory.KvStore.Geometry;
import dev.longtake.memory.RollingStore;
import dev.longtake.memory.RollingWindow;
import dev.longtake.nn.AttentionSpan;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Tensor;
import dev.longtake.wan.Prompt;

/**
 * Rolling Forcing's memory at work, with the chunks that it has begun. As an {@link ActiveMemory}
 * it serves the clean passes.
 */
final class RollingMemory implements ActiveMemory {
  private final RollingWindow memory;
  private final RollingStore store;
  private final ChunksAhead ahead = new ChunksAhead();

  RollingMemory(RollingWindow memory, Geometry geometry, Device device) {
    this.memory = memory;
    store = new RollingStore(memory, geometry, device);
  }

  /** What is denoised and not yet clean. */
  ChunksAhead ahead() {
    return ahead;
  }

  /**
   * Makes ready to denoise what comes next.
   *
   * @return the temporal position of each of so many frames
   */
  int[] beginWindow(int frames) {
    return store.beginWindow(frames);
  }

  @Override
  public int frames() {
    return store.frames();
  }

  @Override
  public int[] begin(int chunkFrames, Prompt prompt) {
    return store.beginChunk(chunkFrames);
  }

  @Override
  public AttentionSpan layer(int index) {
    return store.layer(index);
  }

  @Override
  public KvPast past() {
    throw notByChunk();
  }

  @Override
  public void checkGuidance(double guidance) {
    requireNone(guidance);
  }

  /** Refuses guidance, which the published model is not used with. */
  static void requireNone(double guidance) {
    if (guidance != 1) {
      throw new IllegalArgumentException(
          "rolling-forcing denoises without guidance: it is " + guidance + "; give 1");
    }
  }

  /** For whoever wants a chunk made by itself. */
  static IllegalArgumentException notByChunk() {
    return new IllegalArgumentException(
        "rolling-forcing denoises several chunks together, so none can be made by itself; give"
            + " another memory, such as sliding-window");
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
    ahead.close();
  }
}
