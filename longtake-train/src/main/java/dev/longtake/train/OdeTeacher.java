package dev.longtake.train;

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
 * Euler steps: {@code x ← x + v·(σ' − σ)}, with guidance {@code v = u + g·(c − u)}, where c and u
 * are one pass of twice as many clips.
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
    /**
     * Block by block, each after the clean blocks before it, of which each sees those up to itself,
     * as teacher forcing trained it.
     */
    CAUSAL,
    /**
     * Block by block, each after the clean blocks before it, which see one another wholly: as a
     * model was trained that had context and chunk in one sequence.
     */
    CAUSAL_WITH_MEMORY;

    /** Whether clips are followed block by block. */
    public boolean byBlocks() {
      return this != BIDIRECTIONAL;
    }
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
   * @param noise standard normal, FLOAT32; for a teacher that goes by blocks, whole ones
   * @param prompt what the clips are to show
   * @param without what guidance compares with
   */
  public @Axes("B S C F Y X") Tensor trajectories(
      @Axes("B C F Y X") Tensor noise, Prompt prompt, Prompt without) {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      int frames = Math.toIntExact(noise.size(2));
      int block = kind.byBlocks() ? CausalObjective.BLOCK : frames;
      ForcedPass.blocks(noise, block);
      var prompts = guidance == 1 ? prompt : Prompt.cat(List.of(prompt, without));
      var past = new ArrayList<Tensor>();
      var parts = new ArrayList<Tensor>();
      for (int start = 0; start < frames; start += block) {
        var states = states(noise.narrow(2, start, block), past, prompts);
        parts.add(states);
        past.add(states.select(1, grid.kept()));
      }
      return scope.keep(Tensor.cat(parts, 3));
    }
  }

  private @Axes("B S C F Y X") Tensor states(Tensor noise, List<Tensor> past, Prompt prompts) {
    try (var scope = Scope.open();
        var context = context(past, prompts)) {
      int first = past.size() * CausalObjective.BLOCK;
      int frames = Math.toIntExact(noise.size(2));
      var rotary =
          model.rotary(
              IntStream.range(first, first + frames).toArray(),
              noise.size(3),
              noise.size(4),
              noise.device());
      float[] levels = grid.levels();
      var x = noise.copy();
      var kept = new ArrayList<Tensor>();
      for (int i = 0; i <= grid.steps(); i++) {
        if (grid.keeps(i)) {
          kept.add(x.copy());
        }
        if (i < grid.steps()) {
          try (var step = Scope.open()) {
            var asked = asked(x);
            var times =
                Tensor.full(
                    levels[i] * FlowSchedule.TIMESTEPS,
                    Dtype.FLOAT32,
                    x.device(),
                    asked.size(0),
                    frames);
            var flow = model.forward(asked, times, rotary, prompts, context::span, frames);
            x.plusInPlace(guided(flow.to(Dtype.FLOAT32)), levels[i + 1] - levels[i]);
          }
        }
      }
      return scope.keep(Tensor.stack(kept, 1));
    }
  }

  /** What each pass looks back at. */
  private ContextKeys context(List<Tensor> past, Prompt prompts) {
    if (past.isEmpty()) {
      return ContextKeys.none();
    }
    try (var scope = Scope.open()) {
      var clean = asked(Tensor.cat(past, 2));
      return ContextKeys.of(model, clean, prompts, among(clean));
    }
  }

  /** What the tokens of a context see of one another. */
  private AttentionSpan among(Tensor context) {
    if (kind == Kind.CAUSAL_WITH_MEMORY) {
      return AttentionSpan.FULL;
    }
    long patches = context.size(3) / WanConfig.PATCH * (context.size(4) / WanConfig.PATCH);
    return BlockSpans.blockCausal(CausalObjective.BLOCK * patches);
  }

  /** Latents as the network is asked about them: with guidance twice, for it has two prompts. */
  private Tensor asked(@Axes("B C F Y X") Tensor latents) {
    var own = latents.to(dtype);
    return guidance == 1 ? own : Tensor.cat(List.of(own, own), 0);
  }

  private Tensor guided(Tensor flow) {
    if (guidance == 1) {
      return flow;
    }
    long size = flow.size(0) / 2;
    var without = flow.narrow(0, size, size);
    return without.plus(flow.narrow(0, 0, size).minus(without).times(guidance));
  }
}
