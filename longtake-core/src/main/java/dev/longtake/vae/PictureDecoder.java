package dev.longtake.vae;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Tensor;

/**
 * Makes pictures of a video's latents, whole or as they come: one for a video's first latent frame,
 * four for every other.
 *
 * <p>Axes: B batch; z, f, y, x latent channels, frames, rows and columns; F, Y, X those of
 * pictures. Latents are normalised. Pixels are around [−1, 1], not clamped. What goes in decides
 * the type of the arithmetic.
 */
public sealed interface PictureDecoder permits WanVae, TinyDecoder {

  /** The frames of a whole video's latents. Can be differentiated. */
  @Axes("B 3 F Y X")
  Tensor decode(@Axes("B z f y x") Tensor latents);

  /**
   * The frames of a video's next latents: what the whole video's would be there.
   *
   * @param latents 1 frame or more; the other sizes always the same
   * @param state where this video stands, made for it alone and always used with this decoder
   * @throws IllegalArgumentException if they do not continue the video
   * @throws IllegalStateException if the state was closed, or its last pass failed
   */
  @Axes("B 3 F Y X")
  Tensor decode(@Axes("B z f y x") Tensor latents, DecodeState state);
}
