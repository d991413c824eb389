package dev.longtake.train;

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
 * Flow matching of whole clips, every frame seeing every frame: how a bidirectional model is
 * trained. One level for all frames of a clip; {@code x_t = (1 − σ)·x₀ + σ·ε}, and the loss is
 * {@code mean w(t)·(v(x_t, t) − (ε − x₀))²} (Lipman et al. 2022; the weight is {@link LossWeight}).
 *
 * @param model the transformer
 * @param batches the clips of each step
 * @param config noise levels and shares
 * @param dtype of the arithmetic
 */
public record BackboneObjective(
    WanTransformer model, LongFunction<VideoBatch> batches, Config config, Dtype dtype)
    implements Objective {
  /** The loss's name in the log. */
  public static final String TAG = "backbone/flow";

  /**
   * Noise levels and shares.
   *
   * @param shift warp of the levels, above 0
   * @param weight how much each level counts
   * @param promptDropout fraction of captions that are hidden, for guidance, 0 to 1
   */
  public record Config(double shift, LossWeight weight, double promptDropout) {
    /** Checks the ranges. */
    public Config {
      if (!(shift > 0)) {
        throw new IllegalArgumentException("shift must be above 0, not " + shift);
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
      int frames = Math.toIntExact(clean.size(2));
      var levels = NoiseLevels.drawn(rng, config.shift(), config.weight(), size, 1, 1, 1, 1);
      var noise = rng.normal(Dtype.FLOAT32, clean.shape());
      var noisy = FlowMatching.noised(clean, noise, levels.sigma());
      var shown = PromptDropout.apply(batch.text(), config.promptDropout(), rng);
      var flow = flow(noisy, levels.timestep().reshape(size, 1).expand(size, frames), shown);
      var loss = FlowMatching.loss(flow, clean, noise, levels.weight());
      return new Loss(scope.keep(loss), Map.of(TAG, scope.keep(loss.detach())));
    }
  }

  private @Axes("B C F Y X") Tensor flow(
      @Axes("B C F Y X") Tensor noisy, @Axes("B F") Tensor times, @Axes("B L E") Tensor text) {
    var prompt = model.read(text.to(dtype));
    int[] positions = IntStream.range(0, Math.toIntExact(noisy.size(2))).toArray();
    return model.forward(noisy.to(dtype), times, positions, prompt);
  }
}
