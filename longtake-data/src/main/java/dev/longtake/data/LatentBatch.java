package dev.longtake.data;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Tensor;

/**
 * Encoded clips with what a transformer reads of their captions. Axes: B clips, C channels, F
 * latent frames, Y rows, X columns, L tokens, E width of the text states.
 *
 * @param latents normalised, FLOAT32
 * @param text states, zero after each caption's end
 */
public record LatentBatch(@Axes("B C F Y X") Tensor latents, @Axes("B L E") Tensor text) {}
