package dev.longtake.train;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Tensor;

/**
 * A teacher's trajectories. Axes: B clips, S kept states, C channels, F latent frames, Y rows, X
 * columns, L tokens, E width of the text states.
 *
 * @param states FLOAT32, from noise to clean
 * @param text states of the prompts, zero after each one's end
 */
public record OdeBatch(@Axes("B S C F Y X") Tensor states, @Axes("B L E") Tensor text) {

  /** Checks that there is a prompt for each trajectory. */
  public OdeBatch {
    if (states.rank() != 6 || text.rank() != 3 || states.size(0) != text.size(0)) {
      throw new IllegalArgumentException(
          "trajectories " + states + " and text states " + text + " are not of as many clips");
    }
  }
}
