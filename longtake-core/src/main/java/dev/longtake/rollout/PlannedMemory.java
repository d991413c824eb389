package dev.longtake.rollout;

import dev.longtake.memory.FrameStack;
import dev.longtake.memory.Held;
import dev.longtake.memory.KvPast;
import dev.longtake.memory.KvStore;
import dev.longtake.memory.MemoryPolicy;
import dev.longtake.memory.Plan;
import dev.longtake.nn.AttentionSpan;
import dev.longtake.nn.Rotary;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Repeats;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.wan.Prompt;
import dev.longtake.wan.WanTransformer;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A policy at work: it plans once a chunk, the store executes, and the latents of what is held are
 * kept beside the keys, to make those anew. Several videos may go on together: the policy decides
 * for each what it holds, as it would alone, and passes are over all of them at once.
 */
final class PlannedMemory implements ActiveMemory {

  /** A pass for the sake of the keys and values that it leaves in memory. */
  interface Leaving {
    void leave(
        @Axes("B C F Y X") Tensor latents,
        @Axes("B F") Tensor timesteps,
        Rotary rotary,
        Prompt prompt);
  }

  private final WanTransformer model;
  private final MemoryPolicy policy;
  private final Recall recall;
  private final Dtype dtype;
  private final Device device;
  private final KvStore store;
  private Leaving recalling = this::pass;
  private List<Held> held; // of each video
  private final FrameStack latents; // [B F C Y X] of what the store holds
  private @Nullable List<Plan> begun; // what the chunk in work attends
  private boolean stale; // the keys are of an old prompt, and new ones are wanted

  /**
   * Empty.
   *
   * @param videos the batch, each of it with decisions of its own; 1 for one decision for all
   */
  PlannedMemory(
      int videos,
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
    boolean bounded = policy.capacity() < Integer.MAX_VALUE;
    int capacity = bounded ? policy.capacity() : 0;
    store = new KvStore(geometry, device, model.ops(), videos, capacity);
    latents = new FrameStack(capacity);
    held = Collections.nCopies(videos, Held.empty());
  }

  /** Of each video. */
  List<Held> held() {
    return held;
  }

  /** Of each video. */
  List<Plan> plans(int chunkFrames) {
    return held.stream().map(each -> policy.plan(each, chunkFrames)).toList();
  }

  /** From where a pass reads its past. */
  KvStore.Layout layout() {
    return store.layout();
  }

  /** From now on keys are made anew by passes of another's. */
  void recallBy(Leaving other) {
    recalling = other;
  }

  /** From now on what is done with remembered keys is run by another; see {@link KvStore#runBy}. */
  void runBy(Repeats other) {
    store.runBy(other);
  }

  /** A pass was replayed; see {@link KvStore#replayed}. */
  void replayed(long tokens) {
    store.replayed(tokens);
  }

  /** Begins another video, or others; see {@link KvStore#restart}. */
  void restart(boolean inPlace) {
    store.restart(inPlace);
    held = Collections.nCopies(held.size(), Held.empty());
    begun = null;
    stale = false;
    if (inPlace) {
      latents.clear();
    } else {
      latents.close();
    }
  }

  @Override
  public int frames() {
    return held.getFirst().frames();
  }

  @Override
  public int[] begin(int chunkFrames, Prompt prompt) {
    var next = plans(chunkFrames);
    store.check(next);
    var frames = KvStore.framesOf(next);
    keepLatents(frames);
    if (!latents.isEmpty() && (stale || recall == Recall.RECOMPUTED)) {
      recompute(frames, next.getFirst().pastPositions(), prompt);
    }
    stale = false;
    store.begin(next);
    begun = next;
    return next.getFirst().chunkPositions();
  }

  @Override
  public AttentionSpan layer(int index) {
    return store.layer(index);
  }

  @Override
  public KvPast past() {
    return store.past();
  }

  @Override
  public void checkGuidance(double guidance) {}

  @Override
  public void beforeCleanPass() {
    store.record();
  }

  @Override
  public void remember(Tensor clean) {
    var plans = Objects.requireNonNull(begun, "remember comes after begin");
    store.commit(frames(), policy.comparesKeys());
    try (var scope = Scope.open()) {
      latents.append(clean.permute(0, 2, 1, 3, 4));
    }
    held =
        IntStream.range(0, held.size())
            .mapToObj(i -> policy.remember(held.get(i), plans.get(i), store.similarity(i)))
            .toList();
  }

  @Override
  public void onSwitch(PromptSwitch how) {
    switch (how) {
      case KEEP -> {}
      case FLUSH ->
          held = held.stream().map(each -> each.flushed(PromptSwitch.AFTER_FLUSH)).toList();
      case RECOMPUTE -> stale = true;
    }
  }

  /** Keys and values of the planned past, from one pass over its latents alone. */
  private void recompute(List<List<Integer>> frames, int[] positions, Prompt prompt) {
    try (var scope = Scope.open()) {
      var past = latents.frames();
      var video = past.permute(0, 2, 1, 3, 4);
      var clean = Tensor.zeros(Dtype.FLOAT32, device, past.size(0), past.size(1));
      var rotary = model.rotary(positions, past.size(3), past.size(4), device);
      var given = video.to(dtype).contiguous();
      store.empty();
      store.record();
      try {
        recalling.leave(given, clean, rotary, prompt);
        store.commit(frames, stale && policy.comparesKeys());
      } catch (RuntimeException | Error e) {
        store.abandon(); // the latents are there, and keys of none of them
        throw e;
      }
    }
  }

  private void pass(Tensor latents, Tensor timesteps, Rotary rotary, Prompt prompt) {
    model.leave(latents, timesteps, rotary, prompt, store::layer);
  }

  /** Of these frames only, all of them held. */
  private void keepLatents(List<List<Integer>> frames) {
    if (latents.isEmpty() || store.framesOfEach().equals(frames)) {
      return;
    }
    if (frames.getFirst().isEmpty()) {
      latents.clear();
      return;
    }
    try (var scope = Scope.open()) {
      latents.keep(store.rowsOf(frames));
    }
  }

  @Override
  public void close() {
    store.close();
    latents.close();
  }
}
