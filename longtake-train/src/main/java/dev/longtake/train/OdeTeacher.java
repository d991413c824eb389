package dev.longtake.train;

import dev.longtake.diffusion.Denoiser;
import dev.longtake.diffusion.FlowSchedule;
import dev.longtake.nn.AttentionSpan;
import dev.longtake.nn.BlockSpans;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.wan.Prompt;
import dev.longtake.wan.WanConfig;
import dev.longtake.wan.WanTransformer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Follows a teacher's flow from noise to clean latents and keeps some of the states on the way, by
 * Euler steps: {@code x ← x + v·(σ' − σ)}, with guidance {@code v = u + g·(c − u)}.
 *
 * <p>Axes: B clips, S kept states, C channels, F latent frames, Y rows, X columns.
 *
 * @param model the teacher
 * @param kind how it sees a clip
 * @param grid the levels
 * @param guidance scale g; 1 is none
 * @param dtype of the network's arithmetic; states are FLOAT32
 */
public record OdeTeacher(
    WanTransformer model, Kind kind, OdeGrid grid, double guidance, Dtype dtype) {

  /** How a teacher sees a clip. */
  public enum Kind {
    /** All at once. */
    BIDIRECTIONAL,
    /** Block by block, each after the clean blocks before it, as teacher forcing trained it. */
    CAUSAL
  }

  /** Checks the scale. */
  public OdeTeacher {
    if (!(guidance >= 1)) {
      throw new IllegalArgumentException("guidance must be at least 1, not " + guidance);
    }
  }

  /**
   * The states before each kept level's step, and the clean one last.
   *
   * @param noise standard normal, FLOAT32; for a causal teacher of whole blocks
   * @param prompt what the clips are to show
   * @param without what guidance compares with
   */
  public @Axes("B S C F Y X") Tensor trajectories(
      @Axes("B C F Y X") Tensor noise, Prompt prompt, Prompt without) {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      int frames = Math.toIntExact(noise.size(2));
      if (kind == Kind.BIDIRECTIONAL) {
        return scope.keep(states(noise, List.of(), prompt, without));
      }
      int block = CausalObjective.BLOCK;
      ForcedPass.blocks(noise, block);
      var past = new ArrayList<Tensor>();
      var parts = new ArrayList<Tensor>();
      for (int start = 0; start < frames; start += block) {
        var states = states(noise.narrow(2, start, block), past, prompt, without);
        parts.add(states);
        past.add(states.select(1, grid.kept()));
      }
      return scope.keep(Tensor.cat(parts, 3));
    }
  }

  private @Axes("B S C F Y X") Tensor states(
      Tensor noise, List<Tensor> past, Prompt prompt, Prompt without) {
    try (var scope = Scope.open()) {
      var denoiser = Denoiser.guided(denoiser(past, prompt), denoiser(past, without), guidance);
      float[] levels = grid.levels();
      var x = noise.copy();
      var kept = new ArrayList<Tensor>();
      for (int i = 0; i <= grid.steps(); i++) {
        if (grid.keeps(i)) {
          kept.add(x.copy());
        }
        if (i < grid.steps()) {
          try (var step = Scope.open()) {
            var flow = denoiser.flow(x, levels[i] * FlowSchedule.TIMESTEPS);
            x.plusInPlace(flow, levels[i + 1] - levels[i]);
          }
        }
      }
      return scope.keep(Tensor.stack(kept, 1));
    }
  }

  /** The flow of the last frames, after clean ones at timestep 0. */
  private Denoiser denoiser(List<Tensor> past, Prompt prompt) {
    return (noisy, timestep) -> {
      try (var scope = Scope.open()) {
        var all = new ArrayList<>(past);
        all.add(noisy);
        var latents = Tensor.cat(all, 2);
        long size = noisy.size(0);
        int frames = Math.toIntExact(latents.size(2));
        int predicted = Math.toIntExact(noisy.size(2));
        var times = Tensor.zeros(Dtype.FLOAT32, noisy.device(), size, frames);
        times.narrow(1, frames - predicted, predicted).fill(timestep);
        int[] positions = IntStream.range(0, frames).toArray();
        var span = span(noisy);
        return scope.keep(
            model
                .forward(latents.to(dtype), times, positions, prompt, i -> span, predicted)
                .to(Dtype.FLOAT32));
      }
    };
  }

  private AttentionSpan span(Tensor noisy) {
    if (kind == Kind.BIDIRECTIONAL) {
      return AttentionSpan.FULL;
    }
    long patches = noisy.size(3) / WanConfig.PATCH * (noisy.size(4) / WanConfig.PATCH);
    return BlockSpans.blockCausal(CausalObjective.BLOCK * patches);
  }
}
