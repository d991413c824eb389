package dev.longtake.rollout;

import dev.longtake.memory.Held;
import dev.longtake.memory.KvPast;
import dev.longtake.memory.KvStore;
import dev.longtake.memory.MemoryPolicy;
import dev.longtake.memory.Plan;
import dev.longtake.memory.Slot;
import dev.longtake.nn.AttentionSpan;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.wan.Prompt;
import dev.longtake.wan.WanTransformer;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A policy at work: it plans once a chunk, the store executes, and the latents of what is held are
 * kept beside the keys, to make those anew.
 */
final class PlannedMemory implements ActiveMemory {
  private final WanTransformer model;
  private final MemoryPolicy policy;
  private final Recall recall;
  private final Dtype dtype;
  private final Device device;
  private final KvStore store;
  private final Map<Integer, Tensor> latents = new TreeMap<>(); // by frame
  private Held held = Held.empty();
  private @Nullable Plan begun; // what the chunk in work attends
  private boolean stale; // the keys are of an old prompt, and new ones are wanted

  PlannedMemory(
      WanTransformer model,
      MemoryPolicy policy,
      Recall recall,
      KvStore.Geometry geometry,
      Dtype dtype,
      Device device) {
    this.model = model;
    this.policy = policy;
    this.recall = recall;
    this.dtype = dtype;
    this.device = device;
    store = new KvStore(geometry, device, model.ops());
  }

  Held held() {
    return held;
  }

  Plan plan(int chunkFrames) {
    return policy.plan(held, chunkFrames);
  }

  /** Changes whenever a pass would read its past from elsewhere; see {@link KvStore#layout}. */
  long layout() {
    return store.layout();
  }

  @Override
  public int frames() {
    return held.frames();
  }

  @Override
  public int[] begin(int chunkFrames, Prompt prompt) {
    var next = plan(chunkFrames);
    forgetAllBut(next.past().stream().map(Slot::frame).toList());
    if (stale || recall == Recall.RECOMPUTED) {
      recompute(next, prompt);
    }
    store.begin(next);
    begun = next;
    return next.chunkPositions();
  }

  @Override
  public AttentionSpan layer(int index) {
    return store.layer(index);
  }

  @Override
  public KvPast past() {
    return store.past();
  }

  KvStore store() {
    return store;
  }

  @Override
  public void checkGuidance(double guidance) {}

  @Override
  public void beforeCleanPass() {
    store.record();
  }

  @Override
  public void remember(Tensor clean) {
    var plan = Objects.requireNonNull(begun, "remember comes after begin");
    store.commit(held.frames(), policy.comparesKeys());
    try (var scope = Scope.open()) {
      for (int i = 0; i < clean.size(2); i++) {
        latents.put(held.frames() + i, Scope.escape(clean.narrow(2, i, 1).copy()));
      }
    }
    held = policy.remember(held, plan, store.similarity());
  }

  @Override
  public void onSwitch(PromptSwitch how) {
    switch (how) {
      case KEEP -> {}
      case FLUSH -> held = held.flushed(PromptSwitch.AFTER_FLUSH);
      case RECOMPUTE -> stale = true;
    }
  }

  /** Keys and values of the planned past, from one pass over its latents alone. */
  private void recompute(Plan plan, Prompt prompt) {
    if (!latents.isEmpty()) {
      try (var scope = Scope.open()) {
        var past = Tensor.cat(List.copyOf(latents.values()), 2);
        var clean = Tensor.zeros(Dtype.FLOAT32, device, past.size(0), past.size(2));
        store.forgetPast();
        store.record();
        var rotary = model.rotary(plan.pastPositions(), past.size(3), past.size(4), device);
        model.leave(past.to(dtype), clean, rotary, prompt, store::layer);
        store.commit(List.copyOf(latents.keySet()), stale && policy.comparesKeys());
      }
    }
    stale = false;
  }

  private void forgetAllBut(List<Integer> frames) {
    latents
        .entrySet()
        .removeIf(
            entry -> {
              boolean gone = !frames.contains(entry.getKey());
              if (gone) {
                entry.getValue().close();
              }
              return gone;
            });
  }

  @Override
  public void close() {
    store.close();
    forgetAllBut(List.of());
  }
}
