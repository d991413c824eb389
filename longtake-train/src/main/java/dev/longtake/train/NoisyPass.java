package dev.longtake.train;

import dev.longtake.nn.AttentionSpan;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Tensor;
import dev.longtake.wan.Prompt;
import dev.longtake.wan.WanTransformer;
import java.util.Collections;

/**
 * What a transformer is given to predict the flow of noisy frames, all but the captions.
 *
 * @param latents the frames that are seen, then the noisy ones; their type is the arithmetic's
 * @param times 0 (clean) to 1000 (noise) for each frame
 * @param positions temporal position of each frame
 * @param span what queries see
 * @param predicted how many frames, from the end, are noisy
 */
public record NoisyPass(
    @Axes("B C F Y X") Tensor latents,
    @Axes("B F") Tensor times,
    int[] positions,
    AttentionSpan span,
    int predicted) {

  /** The flow of the noisy frames that a transformer predicts, in its caller's scope. */
  @Axes("B C F Y X")
  Tensor flow(WanTransformer model, Prompt prompt) {
    return model.forward(latents, times, positions, prompt, i -> span, predicted);
  }

  /** The whole batch several times, one after the other, owned by the caller's scope. */
  NoisyPass repeated(int copies) {
    return new NoisyPass(
        Tensor.cat(Collections.nCopies(copies, latents), 0),
        Tensor.cat(Collections.nCopies(copies, times), 0),
        positions,
        span,
        predicted);
  }
}
