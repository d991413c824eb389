package dev.longtake.rollout;

import dev.longtake.diffusion.Denoiser;
import dev.longtake.diffusion.Sampler;
import dev.longtake.memory.Held;
import dev.longtake.memory.KvStore;
import dev.longtake.memory.Memory;
import dev.longtake.memory.MemoryPolicy;
import dev.longtake.memory.Plan;
import dev.longtake.memory.ReleasedSlowFast;
import dev.longtake.nn.AttentionSpan;
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
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * Generates latents chunk by chunk (spec, section E.1): denoise a chunk with what memory holds,
 * pass it once more clean to remember it. Axes: B batch, C channels, F frames of the chunk, Y rows,
 * X columns.
 *
 * <p>Confined to one thread; the model is shared, memory is this rollout's own.
 */
public final class Rollout implements AutoCloseable {
  private final WanTransformer model;
  private final ActiveMemory memory;
  private final Dtype dtype;
  private final Device device;
  private ChunkWatch watch = ChunkWatch.NONE;

  /**
   * With an empty memory.
   *
   * @param recall how the model was trained to look back; {@link ReleasedSlowFast} keeps the keys
   *     of its passes whatever this says
   * @param rows latent rows
   * @param columns latent columns
   * @param dtype of the arithmetic
   */
  public Rollout(
      WanTransformer model,
      Memory memory,
      Recall recall,
      int rows,
      int columns,
      Dtype dtype,
      Device device) {
    this(
        model,
        switch (memory) {
          case MemoryPolicy policy ->
              new PlannedMemory(
                  model, policy, recall, geometry(model, rows, columns), dtype, device);
          case ReleasedSlowFast released ->
              new ReleasedMemory(released, geometry(model, rows, columns), device);
        },
        dtype,
        device);
  }

  /**
   * Several videos at once, each with a memory of its own, whose passes are made together.
   *
   * @param videos how many, the batch of every chunk, at least 1
   * @param policy of every video; where frames stand must not depend on what they show
   */
  public static Rollout ofBatch(
      int videos,
      WanTransformer model,
      MemoryPolicy policy,
      Recall recall,
      int rows,
      int columns,
      Dtype dtype,
      Device device) {
    var geometry = geometry(model, rows, columns);
    var memories =
        IntStream.range(0, videos)
            .mapToObj(i -> new PlannedMemory(model, policy, recall, geometry, dtype, device))
            .toList();
    return new Rollout(model, new BatchMemory(memories), dtype, device);
  }

  private Rollout(WanTransformer model, ActiveMemory memory, Dtype dtype, Device device) {
    this.model = model;
    this.memory = memory;
    this.dtype = dtype;
    this.device = device;
  }

  private static KvStore.Geometry geometry(WanTransformer model, int rows, int columns) {
    int patch = WanConfig.PATCH;
    return new KvStore.Geometry(
        model.config().numLayers(), rows / patch, columns / patch, model.config().headDim());
  }

  /** Tells of every part of the chunks that {@link #next} makes from now on. */
  public void watchedBy(ChunkWatch other) {
    watch = other;
  }

  /** Latent frames remembered so far. */
  public int frames() {
    return memory.frames();
  }

  /**
   * What memory holds now.
   *
   * @throws IllegalStateException under {@link ReleasedSlowFast}, where each layer holds its own
   */
  public Held held() {
    return planned().held();
  }

  /**
   * What would be attended while the next chunk of that many frames is generated.
   *
   * @throws IllegalStateException under {@link ReleasedSlowFast}, which decides on the way
   */
  public Plan plan(int chunkFrames) {
    return planned().plan(chunkFrames);
  }

  /**
   * {@link #plan(int)} of each video of a batch.
   *
   * @throws IllegalStateException under {@link ReleasedSlowFast}, which decides on the way
   */
  public List<Plan> plans(int chunkFrames) {
    return memory instanceof BatchMemory batch
        ? batch.plans(chunkFrames)
        : List.of(plan(chunkFrames));
  }

  /**
   * Says that the next chunk comes under another prompt than those before it, and what memory is to
   * do about that.
   *
   * @throws IllegalArgumentException if this memory cannot
   */
  public void onSwitch(PromptSwitch how) {
    memory.onSwitch(how);
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
      int[] positions = begin(noise, prompt, guidance);
      watch.done(ChunkPart.RECALL);
      var clean = sample(positions, prompt, empty, guidance, sampler, noise, rng);
      watch.done(ChunkPart.DENOISE);
      rememberClean(clean, prompt, positions);
      watch.done(ChunkPart.REMEMBER);
      return scope.keep(clean);
    }
  }

  /**
   * Makes the next chunk in the caller's way and remembers it: a training rollout, which is
   * generation with the same plans at the same positions. Gradients are off; the maker may switch
   * them on for a pass. They never reach what memory holds.
   *
   * @param prompt of the clean pass
   * @param chunkFrames latent frames of the chunk
   * @param maker makes clean latents, FLOAT32
   * @param remembered what the clean pass is given for them, such as themselves
   * @return what the maker made, owned by the caller's scope
   */
  public @Axes("B C F Y X") Tensor next(
      Prompt prompt,
      int chunkFrames,
      Function<ChunkPasses, Tensor> maker,
      UnaryOperator<Tensor> remembered) {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      memory.checkGuidance(1);
      int[] positions = memory.begin(chunkFrames, prompt);
      var clean = maker.apply(passes(positions));
      rememberClean(remembered.apply(clean.detach()), prompt, positions);
      return scope.keep(clean);
    }
  }

  private ChunkPasses passes(int... positions) {
    return new ChunkPasses() {
      @Override
      public Denoiser under(Prompt prompt) {
        return denoiser(prompt, positions);
      }

      @Override
      public KeptPasses keep() {
        var past = memory.past();
        return new KeptPasses(past, prompt -> denoiser(prompt, positions, past::layer));
      }
    };
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
      int[] positions = begin(noise, prompt, guidance);
      return scope.keep(sample(positions, prompt, empty, guidance, sampler, noise, rng));
    }
  }

  /**
   * Remembers given latents as if they had just been generated: a video to be continued, or ground
   * truth.
   */
  public void remember(@Axes("B C F Y X") Tensor clean, Prompt prompt) {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      rememberClean(clean.to(device), prompt, begin(clean, prompt, 1));
    }
  }

  private int[] begin(Tensor chunk, Prompt prompt, double guidance) {
    memory.checkGuidance(guidance);
    return memory.begin(Math.toIntExact(chunk.size(2)), prompt);
  }

  private Tensor sample(
      int[] positions,
      Prompt prompt,
      Prompt empty,
      double guidance,
      Sampler sampler,
      Tensor noise,
      Rng rng) {
    var denoiser =
        Denoiser.guided(denoiser(prompt, positions), denoiser(empty, positions), guidance);
    return sampler.sample(denoiser, noise.to(device).to(Dtype.FLOAT32), rng);
  }

  private void rememberClean(Tensor clean, Prompt prompt, int[] positions) {
    memory.beforeCleanPass();
    denoiser(prompt, positions).flow(clean, 0);
    memory.remember(clean);
  }

  private Denoiser denoiser(Prompt prompt, int... positions) {
    return denoiser(prompt, positions, memory::layer);
  }

  private Denoiser denoiser(Prompt prompt, int[] positions, IntFunction<AttentionSpan> spans) {
    return (noisy, timestep) -> {
      try (var scope = Scope.open()) {
        var timesteps =
            Tensor.full(timestep, Dtype.FLOAT32, device, noisy.size(0), positions.length);
        var flow =
            model.forward(noisy.to(dtype), timesteps, positions, prompt, spans, positions.length);
        return scope.keep(flow.to(Dtype.FLOAT32));
      }
    };
  }

  private PlannedMemory planned() {
    return switch (memory) {
      case PlannedMemory planned -> planned;
      case BatchMemory batch ->
          throw new IllegalStateException(
              "each video of a batch holds frames of its own; ask for the plans of all");
      case ReleasedMemory released ->
          throw new IllegalStateException(
              "context-forcing-released holds other frames in every layer and plans nothing");
    };
  }

  @Override
  public void close() {
    memory.close();
  }
}
