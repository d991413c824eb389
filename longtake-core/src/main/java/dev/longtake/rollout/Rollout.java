package dev.longtake.rollout;

import dev.longtake.diffusion.Denoiser;
import dev.longtake.diffusion.Sampler;
import dev.longtake.memory.Held;
import dev.longtake.memory.KvStore;
import dev.longtake.memory.MemoryPolicy;
import dev.longtake.memory.Plan;
import dev.longtake.memory.Slot;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.wan.Prompt;
import dev.longtake.wan.WanConfig;
import dev.longtake.wan.WanTransformer;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Generates latents chunk by chunk (spec, section E.1): denoise a chunk with what memory holds,
 * pass it once more clean to remember it. Axes: B batch, C channels, F frames of the chunk, Y rows,
 * X columns.
 *
 * <p>Confined to one thread; the model is shared, memory is this rollout's own.
 */
public final class Rollout implements AutoCloseable {
  private final WanTransformer model;
  private final MemoryPolicy policy;
  private final Dtype dtype;
  private final Device device;
  private final KvStore store;
  private final Recall recall;
  private final Map<Integer, Tensor> remembered = new TreeMap<>(); // latents by frame
  private Held held = Held.empty();
  private ChunkWatch watch = ChunkWatch.NONE;

  /**
   * With an empty memory.
   *
   * @param recall how the model was trained to look back
   * @param rows latent rows
   * @param columns latent columns
   * @param dtype of the arithmetic
   */
  public Rollout(
      WanTransformer model,
      MemoryPolicy policy,
      Recall recall,
      int rows,
      int columns,
      Dtype dtype,
      Device device) {
    this.model = model;
    this.policy = policy;
    this.recall = recall;
    this.dtype = dtype;
    this.device = device;
    int patch = WanConfig.PATCH;
    var geometry =
        new KvStore.Geometry(
            model.config().numLayers(), rows / patch, columns / patch, model.config().headDim());
    store = new KvStore(geometry, device);
  }

  /** Tells of every part of the chunks that {@link #next} makes from now on. */
  public void watchedBy(ChunkWatch other) {
    watch = other;
  }

  /** What memory holds now. */
  public Held held() {
    return held;
  }

  /** What would be attended while the next chunk of that many frames is generated. */
  public Plan plan(int chunkFrames) {
    return policy.plan(held, chunkFrames);
  }

  /**
   * Generates the next chunk and remembers it.
   *
   * @param guidance scale of classifier-free guidance; at 1 {@code empty} is not used
   * @param empty the empty prompt
   * @param noise FLOAT32 standard normal of the chunk's shape
   * @param rng for samplers that add noise on the way
   * @return clean latents, FLOAT32, owned by the caller's scope
   */
  public @Axes("B C F Y X") Tensor next(
      Prompt prompt,
      Prompt empty,
      double guidance,
      Sampler sampler,
      @Axes("B C F Y X") Tensor noise,
      Rng rng) {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var plan = begin(Math.toIntExact(noise.size(2)), prompt);
      watch.done(ChunkPart.RECALL);
      var clean = sample(plan, prompt, empty, guidance, sampler, noise, rng);
      watch.done(ChunkPart.DENOISE);
      rememberClean(clean, prompt, plan);
      watch.done(ChunkPart.REMEMBER);
      return scope.keep(clean);
    }
  }

  /**
   * What {@link #next} would generate, remembered nowhere: to compare it with the true chunk, which
   * is remembered in its place. Memory has made room for a chunk of this length afterwards, so the
   * next one must be as long.
   *
   * @return clean latents, FLOAT32, owned by the caller's scope
   */
  public @Axes("B C F Y X") Tensor peek(
      Prompt prompt,
      Prompt empty,
      double guidance,
      Sampler sampler,
      @Axes("B C F Y X") Tensor noise,
      Rng rng) {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var plan = begin(Math.toIntExact(noise.size(2)), prompt);
      return scope.keep(sample(plan, prompt, empty, guidance, sampler, noise, rng));
    }
  }

  /**
   * Remembers given latents as if they had just been generated: a video to be continued, or ground
   * truth.
   */
  public void remember(@Axes("B C F Y X") Tensor clean, Prompt prompt) {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      rememberClean(clean.to(device), prompt, begin(Math.toIntExact(clean.size(2)), prompt));
    }
  }

  private Plan begin(int chunkFrames, Prompt prompt) {
    var plan = policy.plan(held, chunkFrames);
    if (recall == Recall.RECOMPUTED && !plan.past().isEmpty()) {
      recompute(plan, prompt);
    }
    store.begin(plan);
    return plan;
  }

  /** Keys and values of the planned past, from one pass over its latents alone. */
  private void recompute(Plan plan, Prompt prompt) {
    var frames = plan.past().stream().map(Slot::frame).toList();
    forgetAllBut(frames);
    try (var scope = Scope.open()) {
      var past = Tensor.cat(List.copyOf(remembered.values()), 2);
      var clean = Tensor.zeros(Dtype.FLOAT32, device, past.size(0), frames.size());
      store.forgetPast();
      store.record();
      model.forward(past.to(dtype), clean, plan.pastPositions(), prompt, store::layer, 1);
      store.commit(frames, false);
    }
  }

  private void forgetAllBut(List<Integer> frames) {
    remembered
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

  private Tensor sample(
      Plan plan,
      Prompt prompt,
      Prompt empty,
      double guidance,
      Sampler sampler,
      Tensor noise,
      Rng rng) {
    var denoiser = Denoiser.guided(denoiser(prompt, plan), denoiser(empty, plan), guidance);
    return sampler.sample(denoiser, noise.to(device).to(Dtype.FLOAT32), rng);
  }

  private void rememberClean(Tensor clean, Prompt prompt, Plan plan) {
    store.record();
    denoiser(prompt, plan).flow(clean, 0);
    store.commit(held.frames(), policy.comparesKeys());
    if (recall == Recall.RECOMPUTED) {
      for (int i = 0; i < clean.size(2); i++) {
        remembered.put(held.frames() + i, Scope.escape(clean.narrow(2, i, 1).copy()));
      }
    }
    held = policy.remember(held, plan, store.similarity());
  }

  private Denoiser denoiser(Prompt prompt, Plan plan) {
    int[] positions = plan.chunkPositions();
    return (noisy, timestep) -> {
      try (var scope = Scope.open()) {
        var timesteps =
            Tensor.full(timestep, Dtype.FLOAT32, device, noisy.size(0), positions.length);
        var flow =
            model.forward(
                noisy.to(dtype), timesteps, positions, prompt, store::layer, positions.length);
        return scope.keep(flow.to(Dtype.FLOAT32));
      }
    };
  }

  @Override
  public void close() {
    store.close();
    forgetAllBut(List.of());
  }
}
