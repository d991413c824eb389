package dev.longtake.rollout;

import dev.longtake.diffusion.FewStepSampler;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/**
 * The chunks that Rolling Forcing (arXiv 2509.25161) has begun, oldest first: each is a noise level
 * behind the one before it. One pass takes all of them one level down; the oldest is clean once it
 * has come down all levels, and a new one of pure noise joins behind the newest. So a chunk costs
 * one pass over as many chunks as there are levels; only the first costs as many passes.
 *
 * <p>A chunk's randomness is its own: its noise, and then what is added after each pass. Confined
 * to one thread.
 */
final class ChunksAhead implements AutoCloseable {

  /** Predicts the flow of all chunks at once. */
  interface Window {
    @Axes("B C F Y X")
    Tensor flow(@Axes("B C F Y X") Tensor noisy, @Axes("B F") Tensor timesteps);
  }

  /**
   * A chunk on its way.
   *
   * @param noise what is left of its randomness
   * @param latents at the level of the pass that comes next; clean after the last
   * @param passes made so far
   */
  private record Begun(ChunkNoise noise, Tensor latents, int passes) implements AutoCloseable {
    @Override
    public void close() {
      noise.close();
      latents.close();
    }
  }

  private List<Begun> chunks = List.of();
  private int ended;

  /**
   * Denoises until the oldest chunk is clean, and lets go of it.
   *
   * @param sampler whose levels they come down
   * @param following how many chunks there will be after the oldest, at most; no others are begun
   * @param draws the randomness of the chunk of that number, counted from the first; taken over
   * @param shape of a chunk
   * @return clean latents, FLOAT32, owned by the caller's scope
   */
  @Axes("B C F Y X")
  Tensor next(
      FewStepSampler sampler,
      int following,
      IntFunction<ChunkNoise> draws,
      Device device,
      long[] shape,
      Window window) {
    do {
      int most = (int) Math.min(sampler.steps(), following + 1L);
      if (chunks.size() < most) {
        begin(draws.apply(ended + chunks.size()), device, shape);
      }
      pass(sampler, window);
    } while (chunks.getFirst().passes < sampler.steps());
    var oldest = chunks.getFirst();
    chunks = List.copyOf(chunks.subList(1, chunks.size()));
    ended++;
    try (oldest;
        var scope = Scope.open()) {
      return scope.keep(oldest.latents.alias());
    }
  }

  private void begin(ChunkNoise noise, Device device, long[] shape) {
    try (var scope = Scope.open()) {
      var pure = Scope.escape(noise.next(shape).to(device).copy());
      var more = new ArrayList<>(chunks);
      more.add(new Begun(noise, pure, 0));
      chunks = List.copyOf(more);
    }
  }

  /** Takes every chunk one level down. */
  private void pass(FewStepSampler sampler, Window window) {
    try (var scope = Scope.open()) {
      var noisy = Tensor.cat(chunks.stream().map(Begun::latents).toList(), 2);
      var times = chunks.stream().map(chunk -> timesteps(sampler, chunk)).toList();
      var flow = window.flow(noisy, Tensor.cat(times, 1));
      var next = new ArrayList<Begun>();
      long at = 0;
      for (var chunk : chunks) {
        long frames = chunk.latents.size(2);
        var own = flow.narrow(2, at, frames);
        at += frames;
        var clean = sampler.jump(chunk.passes, (x, timestep) -> own, chunk.latents);
        next.add(new Begun(chunk.noise, onwards(sampler, chunk, clean), chunk.passes + 1));
      }
      next.forEach(chunk -> Scope.escape(chunk.latents));
      chunks.forEach(chunk -> chunk.latents.close());
      chunks = List.copyOf(next);
    }
  }

  /** What the next pass starts from, or what there is after the last. */
  private static Tensor onwards(FewStepSampler sampler, Begun chunk, Tensor clean) {
    int next = chunk.passes + 1;
    if (next == sampler.steps()) {
      return clean;
    }
    var fresh = chunk.noise.next(clean.shape()).to(clean.device());
    return sampler.noised(next, clean, fresh);
  }

  private static Tensor timesteps(FewStepSampler sampler, Begun chunk) {
    return Tensor.full(
        sampler.timesteps()[chunk.passes],
        Dtype.FLOAT32,
        chunk.latents.device(),
        chunk.latents.size(0),
        chunk.latents.size(2));
  }

  @Override
  public void close() {
    chunks.forEach(Begun::close);
    chunks = List.of();
  }
}
