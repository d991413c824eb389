package dev.longtake.teacher;

import dev.longtake.diffusion.Denoiser;
import dev.longtake.diffusion.Sampler;
import dev.longtake.nn.AttentionSpan;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.train.ContextTimestep;
import dev.longtake.wan.Prompt;
import dev.longtake.wan.WanTransformer;
import java.util.List;

/**
 * A bidirectional transformer that continues a video from a long context (Context Forcing, arXiv
 * 2602.06028). Axes: B videos, C channels, N context frames, T frames of the target.
 *
 * @param model trained by {@link RecyclingObjective}
 * @param contextTimestep as it was trained
 * @param dtype of the arithmetic
 */
public record ContextTeacher(WanTransformer model, ContextTimestep contextTimestep, Dtype dtype) {
  /** How the released teacher is sampled: 50 steps, shift 5, {@code u + 5·(c − u)}. */
  public static final ModelConfig.Sampling SAMPLING =
      new ModelConfig.Sampling(ModelConfig.SamplerKind.EULER, 50, 5, 5);

  /**
   * The target's flow given a context. The same clean context stands before the noisy target in
   * every pass: a sampler only ever holds the target, so the context cannot drift (N-14).
   */
  public Denoiser given(@Axes("B C N Y X") Tensor context, Prompt prompt, Parts parts) {
    if (context.size(2) != parts.context()) {
      throw new IllegalArgumentException(
          "a context of " + context.size(2) + " frames does not fill " + parts);
    }
    return (noisy, timestep) -> {
      try (var scope = Scope.open()) {
        var times = Tensor.full(timestep, Dtype.FLOAT32, noisy.device(), noisy.size(0), 1);
        var flow =
            model.forward(
                Tensor.cat(List.of(context, noisy), 2).to(dtype),
                contextTimestep.of(times, parts.context(), parts.target()),
                parts.positions(),
                prompt,
                layer -> AttentionSpan.FULL,
                parts.target());
        return scope.keep(flow.to(Dtype.FLOAT32));
      }
    };
  }

  /**
   * Generates a target.
   *
   * @param context clean latents, FLOAT32 on the model's device
   * @param guidance scale of classifier-free guidance; at 1 {@code empty} is not used
   * @param noise FLOAT32 standard normal of the target's shape, on the model's device
   * @param rng for samplers that add noise on the way
   * @return clean latents, FLOAT32, owned by the caller's scope
   */
  public @Axes("B C T Y X") Tensor generate(
      @Axes("B C N Y X") Tensor context,
      Parts parts,
      Prompt prompt,
      Prompt empty,
      double guidance,
      Sampler sampler,
      @Axes("B C T Y X") Tensor noise,
      Rng rng) {
    try (var off = Gradients.off()) {
      var guided =
          Denoiser.guided(given(context, prompt, parts), given(context, empty, parts), guidance);
      return sampler.sample(guided, noise, rng);
    }
  }
}
