package dev.longtake.train;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.wan.WanTransformer;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongFunction;

/**
 * Flow matching of clips block by block, each block at a level of its own: how a bidirectional
 * model begins to be causal. {@code x_t = (1 − σ_b)·x₀ + σ_b·ε} for the frames of block b, and the
 * loss is {@code mean w(t_b)·(v − (ε − x₀))²} (diffusion forcing: Chen et al. 2024).
 *
 * <p>In teacher forcing the past may be disturbed: a level per block of at most {@code
 * augmentation}, of which the model is told, with the block's own ε. At 0 the past is clean,
 * timestep 0.
 *
 * @param model the transformer
 * @param batches the clips of each step
 * @param config noise levels and shares
 * @param dtype of the arithmetic
 */
public record ForcingObjective(
    WanTransformer model, LongFunction<VideoBatch> batches, Config config, Dtype dtype)
    implements Objective {

  /**
   * Noise levels and shares.
   *
   * @param forcing what a block sees of those before it
   * @param block latent frames of a block, at least 1
   * @param shift warp of the levels, above 0
   * @param weight how much each level counts
   * @param augmentation highest σ of the past in teacher forcing, 0 to 1
   * @param promptDropout fraction of captions that are hidden, for guidance, 0 to 1
   */
  public record Config(
      Forcing forcing,
      int block,
      double shift,
      LossWeight weight,
      double augmentation,
      double promptDropout) {
    /** Checks the ranges. */
    public Config {
      if (block < 1 || !(shift > 0) || !(augmentation >= 0 && augmentation <= 1)) {
        throw new IllegalArgumentException(
            "need block of at least 1, shift above 0 and augmentation in [0, 1], not "
                + block
                + ", "
                + shift
                + ", "
                + augmentation);
      }
      if (augmentation > 0 && forcing == Forcing.DIFFUSION) {
        throw new IllegalArgumentException(
            "augmentation is "
                + augmentation
                + ", but in diffusion forcing the past is noisy anyway; set it to 0");
      }
      PromptDropout.check(promptDropout);
    }
  }

  @Override
  public Loss at(long step, Rng rng) {
    try (var scope = Scope.open()) {
      var batch = batches.apply(step);
      var clean = batch.latents();
      long size = clean.size(0);
      long blocks = ForcedPass.blocks(clean, config.block());
      var levels = NoiseLevels.drawn(rng, config.shift(), config.weight(), size, blocks);
      var noise = rng.normal(Dtype.FLOAT32, clean.shape());
      var noisy = FlowMatching.noised(clean, noise, perPixel(levels.sigma()));

      var past = clean;
      var pastTimes = perFrame(levels.timestep()).times(0);
      if (config.augmentation() > 0) {
        var light = NoiseLevels.upTo(config.augmentation(), rng, config.shift(), size, blocks);
        past = FlowMatching.noised(clean, noise, perPixel(light.sigma()));
        pastTimes = perFrame(light.timestep());
      }
      var shown = PromptDropout.apply(batch.text(), config.promptDropout(), rng);
      var flow =
          new ForcedPass(model, config.forcing(), config.block(), dtype)
              .flow(
                  noisy, perFrame(levels.timestep()), past, pastTimes, model.read(shown.to(dtype)));
      var loss = FlowMatching.loss(flow, clean, noise, perPixel(levels.weight()));
      var tag = "causal/" + config.forcing().name().toLowerCase(Locale.ROOT) + "_forcing";
      return new Loss(scope.keep(loss), Map.of(tag, scope.keep(loss.detach())));
    }
  }

  private @Axes("B F") Tensor perFrame(Tensor perBlock) {
    return ForcedPass.perFrame(perBlock, config.block());
  }

  private @Axes("B 1 F 1 1") Tensor perPixel(Tensor perBlock) {
    return ForcedPass.perPixel(perBlock, config.block());
  }
}
