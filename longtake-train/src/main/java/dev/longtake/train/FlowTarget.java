package dev.longtake.train;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Tensor;

/** What the predicted flow of noisy frames is to be. */
@FunctionalInterface
public interface FlowTarget {
  /** {@code ε − x₀}: flow matching. */
  FlowTarget NOISE_MINUS_CLEAN = (pass, states, clean, noise) -> noise.minus(clean);

  /**
   * The flow that is to be predicted, without gradients, owned by the caller's scope.
   *
   * @param pass what the network in training is given
   * @param states of the captions, of which all zeros are no caption
   * @param clean the frames without noise
   * @param noise that was put in them
   * @return of the predicted frames, FLOAT32
   */
  @Axes("B C F Y X")
  Tensor of(
      NoisyPass pass,
      @Axes("B L E") Tensor states,
      @Axes("B C F Y X") Tensor clean,
      @Axes("B C F Y X") Tensor noise);
}
