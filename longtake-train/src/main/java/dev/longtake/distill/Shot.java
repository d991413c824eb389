package dev.longtake.distill;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Tensor;

/**
 * A prompt and from where it is in force.
 *
 * @param frame first latent frame, a multiple of 3; the first shot's is 0
 * @param states the text encoder's
 */
public record Shot(int frame, @Axes("B T E") Tensor states) {}
