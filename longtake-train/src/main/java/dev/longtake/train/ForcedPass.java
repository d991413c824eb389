package dev.longtake.train;

import dev.longtake.nn.AttentionSpan;
import dev.longtake.nn.BlockSpans;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.wan.Prompt;
import dev.longtake.wan.WanConfig;
import dev.longtake.wan.WanTransformer;
import java.util.List;
import java.util.stream.IntStream;

/**
 * One pass of a causal transformer over all blocks of a clip: clean tokens, if any, stand before
 * the noisy ones.
 *
 * @param model the transformer
 * @param forcing what a block sees of those before it
 * @param block latent frames of a block
 * @param dtype of the arithmetic
 */
record ForcedPass(WanTransformer model, Forcing forcing, int block, Dtype dtype) {

  /**
   * The predicted flow of every frame.
   *
   * @param noisy what is to be denoised
   * @param times its timesteps
   * @param past what teacher forcing shows; else unused
   * @param pastTimes its timesteps, which the model is told; else unused
   */
  @Axes("B C F Y X")
  Tensor flow(
      @Axes("B C F Y X") Tensor noisy,
      @Axes("B F") Tensor times,
      @Axes("B C F Y X") Tensor past,
      @Axes("B F") Tensor pastTimes,
      Prompt prompt) {
    int frames = Math.toIntExact(noisy.size(2));
    long tokens = block * (noisy.size(3) / WanConfig.PATCH) * (noisy.size(4) / WanConfig.PATCH);
    return switch (forcing) {
      case DIFFUSION ->
          pass(noisy, times, positions(frames, 1), prompt, BlockSpans.blockCausal(tokens), frames);
      case TEACHER -> {
        try (var scope = Scope.open()) {
          yield scope.keep(
              pass(
                  Tensor.cat(List.of(past, noisy), 2),
                  Tensor.cat(List.of(pastTimes, times), 1),
                  positions(frames, 2),
                  prompt,
                  BlockSpans.teacherForcing(tokens),
                  frames));
        }
      }
    };
  }

  private Tensor pass(
      Tensor latents,
      Tensor times,
      int[] positions,
      Prompt prompt,
      AttentionSpan span,
      int predicted) {
    return model.forward(latents.to(dtype), times, positions, prompt, i -> span, predicted);
  }

  private static int[] positions(int frames, int copies) {
    return IntStream.range(0, copies * frames).map(i -> i % frames).toArray();
  }

  /**
   * How many blocks a clip is.
   *
   * @throws IllegalArgumentException if it is not whole blocks
   */
  static long blocks(@Axes("B C F Y X") Tensor clip, int block) {
    long frames = clip.size(2);
    if (frames % block != 0) {
      throw new IllegalArgumentException(
          frames + " latent frames are not whole blocks of " + block + "; change latent_frames");
    }
    return frames / block;
  }

  /** A number per block, [B, blocks], for each of its frames. */
  static @Axes("B F") Tensor perFrame(Tensor perBlock, int block) {
    try (var scope = Scope.open()) {
      long size = perBlock.size(0);
      long blocks = perBlock.size(1);
      return scope.keep(
          perBlock.unsqueeze(-1).expand(size, blocks, block).reshape(size, blocks * block));
    }
  }

  /** A number per block, [B, blocks], to be spread over the pixels of its frames. */
  static @Axes("B 1 F 1 1") Tensor perPixel(Tensor perBlock, int block) {
    try (var scope = Scope.open()) {
      var frames = perFrame(perBlock, block);
      return scope.keep(frames.reshape(frames.size(0), 1, frames.size(1), 1, 1));
    }
  }
}
