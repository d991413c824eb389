package dev.longtake.train;

import dev.longtake.diffusion.FlowSchedule;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.wan.WanTransformer;
import java.util.Map;
import java.util.function.LongFunction;
import java.util.stream.IntStream;

/**
 * A causal student learns where a teacher's trajectories end: for each block a kept level is drawn,
 * the student sees the state there, and its {@code x̂₀ = x_t − σ·v} is to be the clean state. The
 * loss is the mean of {@code (x̂₀ − x₀)²} over the frames whose level is not 0 (Self-Forcing, arXiv
 * 2506.08009, which takes it from CausVid, arXiv 2412.07772).
 *
 * @param model the student
 * @param batches trajectories of each step
 * @param levels σ of their states, the last 0
 * @param config what a block sees, and which levels it stands at
 * @param dtype of the arithmetic
 */
public record OdeRegressionObjective(
    WanTransformer model,
    LongFunction<OdeBatch> batches,
    float[] levels,
    Config config,
    Dtype dtype)
    implements Objective {
  /** The loss's name in the log. */
  public static final String TAG = "ode/regression";

  /** Which levels blocks stand at. */
  public enum Drawn {
    /** All but the clean one. */
    NOISY,
    /** The clean one too, which is no loss of its own but a past without noise. */
    ALL
  }

  /**
   * What a block sees, and which levels it stands at.
   *
   * @param forcing what a block sees of those before it: diffusion for a bidirectional teacher's
   *     trajectories, teacher for a causal one's
   * @param block latent frames of a block, at least 1
   * @param drawn which levels blocks stand at
   */
  public record Config(Forcing forcing, int block, Drawn drawn) {
    /** Checks the block. */
    public Config {
      if (block < 1) {
        throw new IllegalArgumentException("block must be at least 1, not " + block);
      }
    }
  }

  /** Checks and copies the levels. */
  public OdeRegressionObjective {
    levels = levels.clone();
    if (levels.length < 2 || levels[levels.length - 1] != 0) {
      throw new IllegalArgumentException("levels must be at least 2 and end at 0");
    }
  }

  /** A copy. */
  @Override
  public float[] levels() {
    return levels.clone();
  }

  @Override
  public Loss at(long step, Rng rng) {
    try (var scope = Scope.open()) {
      var batch = batches.apply(step);
      int kept = Math.toIntExact(batch.states().size(1));
      if (kept != levels.length) {
        throw new IllegalArgumentException(
            "trajectories of " + kept + " states do not fit " + levels.length + " levels");
      }
      var clean = batch.states().select(1, kept - 1);
      long blocks = ForcedPass.blocks(clean, config.block());
      int choices = config.drawn() == Drawn.ALL ? kept : kept - 1;
      var index = rng.integers(choices, clean.size(0), blocks);

      var noisy = stateAt(batch.states(), ForcedPass.perFrame(index, config.block()));
      var perBlock =
          Tensor.of(levels, levels.length)
              .to(index.device())
              .gatherRows(0, index.reshape(index.count()))
              .reshape(index.shape());
      var times = ForcedPass.perFrame(perBlock, config.block()).times(FlowSchedule.TIMESTEPS);
      var flow =
          new ForcedPass(model, config.forcing(), config.block(), dtype)
              .flow(noisy, times, clean, times.times(0), model.read(batch.text().to(dtype)));
      var sigma = ForcedPass.perPixel(perBlock, config.block());
      var end = noisy.minus(flow.to(Dtype.FLOAT32).times(sigma));
      var loss = overNoisy(end.minus(clean).square(), sigma);
      return new Loss(scope.keep(loss), Map.of(TAG, scope.keep(loss.detach())));
    }
  }

  /** The state of each frame at its own level. */
  private static @Axes("B C F Y X") Tensor stateAt(
      @Axes("B S C F Y X") Tensor states, @Axes("B F") Tensor index) {
    try (var scope = Scope.open()) {
      long[] size = states.shape();
      long kept = size[1];
      long frames = size[3];
      long[] first =
          IntStream.range(0, (int) (size[0] * frames))
              .mapToLong(i -> i / frames * kept * frames + i % frames)
              .toArray();
      var each = Tensor.of(new long[] {frames}, 1).to(index.device());
      var rows =
          Tensor.of(first, first.length)
              .to(index.device())
              .plus(index.reshape(first.length).times(each));
      return scope.keep(
          states
              .permute(0, 1, 3, 2, 4, 5)
              .reshape(size[0] * kept * frames, size[2], size[4], size[5])
              .gatherRows(0, rows)
              .reshape(size[0], frames, size[2], size[4], size[5])
              .permute(0, 2, 1, 3, 4)
              .contiguous());
    }
  }

  /** The mean over frames whose level is not 0; 0 where there is none. */
  private static Tensor overNoisy(
      @Axes("B C F Y X") Tensor error, @Axes("B 1 F 1 1") Tensor sigma) {
    try (var scope = Scope.open()) {
      var counts = sigma.lessThan(1e-9).to(Dtype.FLOAT32).negated().plus(1); // 0 where clean
      var perFrame = error.mean(1, 3, 4);
      return scope.keep(perFrame.times(counts).sum().dividedBy(counts.sum().clampMin(1)));
    }
  }
}
