package dev.longtake.train;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Tensor;

/**
 * Whole clips with what the transformer reads of their captions. Axes: B clips, C channels, F
 * latent frames, Y rows, X columns, L tokens, E width of the text states.
 *
 * @param latents clean, normalised, FLOAT32
 * @param text states, zero after each caption's end
 */
public record VideoBatch(@Axes("B C F Y X") Tensor latents, @Axes("B L E") Tensor text) {

  /** Checks that there is a caption for each clip. */
  public VideoBatch {
    if (latents.rank() != 5 || text.rank() != 3 || latents.size(0) != text.size(0)) {
      throw new IllegalArgumentException(
          "latents " + latents + " and text states " + text + " are not of as many clips");
    }
  }
}
