package dev.longtake.rollout;

import dev.longtake.diffusion.Denoiser;
import dev.longtake.diffusion.FewStepSampler;
import dev.longtake.diffusion.Sampler;
import dev.longtake.memory.Held;
import dev.longtake.memory.KvStore;
import dev.longtake.memory.Memory;
import dev.longtake.memory.MemoryPolicy;
import dev.longtake.memory.Plan;
import dev.longtake.memory.ReleasedSlowFast;
import dev.longtake.memory.RollingWindow;
import dev.longtake.nn.AttentionSpan;
import dev.longtake.nn.Passage;
import dev.longtake.nn.Rotary;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Recorder;
import dev.longtake.tensor.ReplayedWork;
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
import org.jspecify.annotations.Nullable;

/**
 * Generates latents chunk by chunk, as Self-Forcing does: denoise a chunk with what memory holds,
 * pass it once more clean to remember it. Axes: B batch, C channels, F frames of the chunk, Y rows,
 * X columns.
 *
 * <p>Confined to one thread; the model is shared, memory is this rollout's own.
 */
public final class Rollout implements AutoCloseable {
  private final WanTransformer model;
  private final ActiveMemory memory;
  private final int rows;
  private final int columns;
  private final Dtype dtype;
  private final Device device;
  private ChunkWatch watch = ChunkWatch.NONE;
  private @Nullable CapturedPass captured;
  private @Nullable ReplayedWork moves;

  /**
   * With an empty memory.
   *
   * @param recall how the model was trained to look back; {@link ReleasedSlowFast} and {@link
   *     RollingWindow} keep the keys of their passes whatever this says
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
                  1, model, policy, recall, geometry(model, rows, columns), dtype, device);
          case ReleasedSlowFast released ->
              new ReleasedMemory(released, geometry(model, rows, columns), device);
          case RollingWindow rolling ->
              new RollingMemory(rolling, geometry(model, rows, columns), device);
        },
        rows,
        columns,
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
    var memory = new PlannedMemory(videos, model, policy, recall, geometry, dtype, device);
    return new Rollout(model, memory, rows, columns, dtype, device);
  }

  private Rollout(
      WanTransformer model,
      ActiveMemory memory,
      int rows,
      int columns,
      Dtype dtype,
      Device device) {
    this.model = model;
    this.memory = memory;
    this.rows = rows;
    this.columns = columns;
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

  /**
   * From now on passes without gradients are recorded where memory looks as it did before, and
   * replayed as a whole: in one video once memory is full; in videos made one after the other with
   * {@link #restart} from the second on.
   *
   * @throws IllegalArgumentException if the device is no GPU
   * @throws IllegalStateException under {@link ReleasedSlowFast}, which decides within a pass, and
   *     {@link RollingWindow}, whose windows each have a plan of their own
   */
  public void replayPasses() {
    if (device.kind() != Device.Kind.CUDA) {
      throw new IllegalArgumentException(
          "passes are replayed on a CUDA GPU only, not on " + device);
    }
    planned(); // refuses, before there is anything to free
    replayPasses(Recorder.of(device));
    replayMoves(ReplayedWork.on(device));
  }

  /**
   * What is done with all layers' remembered keys is replayed too.
   *
   * @param work closed with this
   */
  void replayMoves(ReplayedWork work) {
    moves = work;
    planned().runBy(work);
  }

  /** The same in another way than by graphs of the GPU. */
  void replayPasses(Recorder recorder) {
    captured = new CapturedPass(model, planned(), recorder);
    planned().recallBy(captured::recall);
  }

  /**
   * Begins another video, or others. Where passes are replayed, memory stays where it is; else it
   * is freed.
   *
   * @throws IllegalStateException under {@link ReleasedSlowFast} and {@link RollingWindow}
   */
  public void restart() {
    planned().restart(captured != null);
    if (captured != null) {
      captured.changePrompts();
    }
  }

  /**
   * How many videos have memories of their own; 1 also for a batch that shares one.
   *
   * @throws IllegalStateException under {@link ReleasedSlowFast} and {@link RollingWindow}
   */
  public int videos() {
    return planned().held().size();
  }

  /** Latent frames remembered so far. */
  public int frames() {
    return memory.frames();
  }

  /**
   * What memory holds now.
   *
   * @throws IllegalStateException under {@link ReleasedSlowFast}, where each layer holds its own,
   *     and for a batch of several videos
   */
  public Held held() {
    return only(planned().held());
  }

  /**
   * What would be attended while the next chunk of that many frames is generated.
   *
   * @throws IllegalStateException under {@link ReleasedSlowFast}, which decides on the way, and for
   *     a batch of several videos
   */
  public Plan plan(int chunkFrames) {
    return only(plans(chunkFrames));
  }

  private static <T> T only(List<T> videos) {
    if (videos.size() > 1) {
      throw new IllegalStateException(
          "each video of a batch holds frames of its own; ask for the plans of all");
    }
    return videos.getFirst();
  }

  /**
   * {@link #plan(int)} of each video of a batch.
   *
   * @throws IllegalStateException under {@link ReleasedSlowFast}, which decides on the way
   */
  public List<Plan> plans(int chunkFrames) {
    return planned().plans(chunkFrames);
  }

  /**
   * Says that the next chunk comes under another prompt than those before it, and what memory is to
   * do about that.
   *
   * @throws IllegalArgumentException if this memory cannot
   */
  public void onSwitch(PromptSwitch how) {
    memory.onSwitch(how);
    if (captured != null) {
      captured.changePrompts();
    }
  }

  /**
   * Generates the next chunk and remembers it.
   *
   * @param unprompted what guidance leads away from, see {@link Unconditional}
   * @param guidance scale of classifier-free guidance; at 1 {@code unprompted} is not used
   * @param noise FLOAT32 standard normal of the chunk's shape
   * @param rng for samplers that add noise on the way
   * @return clean latents, FLOAT32, owned by the caller's scope
   */
  public @Axes("B C F Y X") Tensor next(
      Prompt prompt,
      Prompt unprompted,
      double guidance,
      Sampler sampler,
      @Axes("B C F Y X") Tensor noise,
      Rng rng) {
    requireByChunk();
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var rotary = begin(framesOf(noise), prompt, guidance);
      watch.done(ChunkPart.RECALL);
      var clean = sample(rotary, prompt, unprompted, guidance, sampler, noise, rng);
      watch.done(ChunkPart.DENOISE);
      rememberWatched(clean, prompt, rotary);
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
    requireByChunk();
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var rotary = begin(chunkFrames, prompt, 1);
      var clean = maker.apply(passes(rotary));
      rememberClean(remembered.apply(clean.detach()), prompt, rotary);
      return scope.keep(clean);
    }
  }

  /**
   * Denoises the next chunk together with those after it, each a noise level behind the one before,
   * and remembers it (Rolling Forcing, arXiv 2509.25161). The first takes as many passes as there
   * are levels, every other one.
   *
   * @param chunkFrames latent frames of a chunk
   * @param following how many chunks will be asked for after this one, at most: no others are begun
   * @param noise the randomness of the chunk of that number, counted from the first that is rolled;
   *     asked for once as the chunk is begun
   * @return clean latents, FLOAT32, owned by the caller's scope
   * @throws IllegalArgumentException under any other memory than {@link RollingWindow}, or if so
   *     many chunks do not fit it
   */
  public @Axes("B C F Y X") Tensor roll(
      Prompt prompt,
      FewStepSampler sampler,
      int chunkFrames,
      int following,
      IntFunction<ChunkNoise> noise) {
    if (!(memory instanceof RollingMemory rolling)) {
      throw new IllegalArgumentException(
          "chunks are denoised together under rolling-forcing alone; give that memory");
    }
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      watch.done(ChunkPart.RECALL); // a window's past is turned as it is attended
      long[] shape = {1, model.config().inDim(), chunkFrames, rows, columns};
      var clean =
          rolling
              .ahead()
              .next(
                  sampler,
                  following,
                  noise,
                  device,
                  shape,
                  (noisy, timesteps) -> windowFlow(rolling, noisy, timesteps, prompt));
      watch.done(ChunkPart.DENOISE);
      rememberWatched(clean, prompt, begin(chunkFrames, prompt, 1));
      return scope.keep(clean);
    }
  }

  private Tensor windowFlow(RollingMemory rolling, Tensor noisy, Tensor timesteps, Prompt prompt) {
    try (var scope = Scope.open()) {
      int frames = framesOf(noisy);
      var rotary = model.rotary(rolling.beginWindow(frames), rows, columns, device);
      var flow = model.forward(noisy.to(dtype), timesteps, rotary, prompt, rolling::layer, frames);
      return scope.keep(flow.to(Dtype.FLOAT32));
    }
  }

  private ChunkPasses passes(Rotary rotary) {
    return new ChunkPasses() {
      @Override
      public Denoiser under(Prompt prompt) {
        return denoiser(prompt, rotary);
      }

      @Override
      public Denoiser under(Prompt prompt, Passage passage) {
        return denoiser(model.through(passage), prompt, rotary, memory::layer);
      }

      @Override
      public KeptPasses keep() {
        var past = memory.past();
        var own = new Rotary(Scope.escape(rotary.rotation().alias()));
        return new KeptPasses(
            past,
            own,
            (kept, turning, prompt, passage) ->
                denoiser(model.through(passage), prompt, turning, kept::layer));
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
      Prompt unprompted,
      double guidance,
      Sampler sampler,
      @Axes("B C F Y X") Tensor noise,
      Rng rng) {
    requireByChunk();
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var rotary = begin(framesOf(noise), prompt, guidance);
      return scope.keep(sample(rotary, prompt, unprompted, guidance, sampler, noise, rng));
    }
  }

  /**
   * Remembers given latents as if they had just been generated: a video to be continued, or ground
   * truth.
   */
  public void remember(@Axes("B C F Y X") Tensor clean, Prompt prompt) {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      rememberClean(clean.to(device), prompt, begin(framesOf(clean), prompt, 1));
    }
  }

  /** Makes room in memory; the rotations of the chunk serve all its passes. */
  private Rotary begin(int chunkFrames, Prompt prompt, double guidance) {
    memory.checkGuidance(guidance);
    int[] positions = memory.begin(chunkFrames, prompt);
    if (captured != null) {
      captured.begin();
    }
    return model.rotary(positions, rows, columns, device);
  }

  /** Refuses to make one chunk where several are made together. */
  private void requireByChunk() {
    if (memory instanceof RollingMemory) {
      throw RollingMemory.notByChunk();
    }
  }

  private static int framesOf(@Axes("B C F Y X") Tensor chunk) {
    return Math.toIntExact(chunk.size(2));
  }

  private Tensor sample(
      Rotary rotary,
      Prompt prompt,
      Prompt unprompted,
      double guidance,
      Sampler sampler,
      Tensor noise,
      Rng rng) {
    var denoiser =
        Denoiser.guided(denoiser(prompt, rotary), denoiser(unprompted, rotary), guidance);
    return sampler.sample(denoiser, noise.to(device).to(Dtype.FLOAT32), rng);
  }

  private void rememberClean(Tensor clean, Prompt prompt, Rotary rotary) {
    cleanPass(clean, prompt, rotary);
    memory.remember(clean);
  }

  /** The same, and tells of it. */
  private void rememberWatched(Tensor clean, Prompt prompt, Rotary rotary) {
    cleanPass(clean, prompt, rotary);
    watch.done(ChunkPart.CLEAN);
    memory.remember(clean);
    watch.done(ChunkPart.REMEMBER);
  }

  private void cleanPass(Tensor clean, Prompt prompt, Rotary rotary) {
    memory.beforeCleanPass();
    try (var scope = Scope.open()) {
      var latents = clean.to(dtype);
      var times = timesteps(clean, 0);
      if (captured == null) {
        model.leave(latents, times, rotary, prompt, memory::layer);
      } else {
        captured.leave(latents, times, rotary, prompt);
      }
    }
  }

  /** Passes that are replayed where they can be. */
  private Denoiser denoiser(Prompt prompt, Rotary rotary) {
    var plain = denoiser(model, prompt, rotary, memory::layer);
    var passes = captured;
    if (passes == null) {
      return plain;
    }
    return (noisy, timestep) -> {
      if (Gradients.recording()) {
        return plain.flow(noisy, timestep);
      }
      try (var scope = Scope.open()) {
        return scope.keep(passes.flow(noisy.to(dtype), timesteps(noisy, timestep), rotary, prompt));
      }
    };
  }

  private Denoiser denoiser(
      WanTransformer network, Prompt prompt, Rotary rotary, IntFunction<AttentionSpan> spans) {
    return (noisy, timestep) -> {
      try (var scope = Scope.open()) {
        int frames = Math.toIntExact(noisy.size(2));
        var flow =
            network.forward(
                noisy.to(dtype), timesteps(noisy, timestep), rotary, prompt, spans, frames);
        return scope.keep(flow.to(Dtype.FLOAT32));
      }
    };
  }

  private Tensor timesteps(Tensor noisy, double timestep) {
    return Tensor.full(timestep, Dtype.FLOAT32, device, noisy.size(0), noisy.size(2));
  }

  private PlannedMemory planned() {
    return switch (memory) {
      case PlannedMemory planned -> planned;
      case ReleasedMemory released ->
          throw new IllegalStateException(
              "context-forcing-released holds other frames in every layer and plans nothing");
      case RollingMemory rolling ->
          throw new IllegalStateException(
              "rolling-forcing plans for chunks that are made together, and for none by itself");
    };
  }

  @Override
  public void close() {
    if (captured != null) {
      captured.close();
    }
    if (moves != null) {
      moves.close();
    }
    memory.close();
  }
}
