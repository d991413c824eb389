/**
 * Wan 2.1's causal video autoencoder: between pixels and the latents that the transformer works on.
 *
 * <p>A latent frame stands for 8 × 8 pixels of 4 frames; the first of a video stands for one frame
 * alone, so that a picture is a video of length 1. Every convolution looks back in time and never
 * ahead. So the autoencoder never needs the whole video: the last two input frames of each
 * convolution are all that the past can say, and a video of any length is decoded as it is made, in
 * memory that does not grow.
 *
 * <pre>{@code
 * var vae = WanVae.of(VaeConfig.WAN_2_1, weights);
 * try (var state = DecodeState.start()) {
 *   for (var latents : chunks) {               // [1, 16, 3, 60, 104]
 *     try (var scope = Scope.open()) {
 *       show(vae.decode(latents, state));      // 9 frames of 480 x 832, then 12 each time
 *     }
 *   }
 * }
 * }</pre>
 *
 * <p>Inside, a video is laid out {@code [B, F, Y, X, C]}: the channels of a pixel lie together, as
 * norms, attention and the fast convolution kernels of both processors and GPUs want them. A layer
 * asks its {@code Past} for the frames in front; whether that is the start of a whole clip, for
 * training, or the cache of a running stream is no concern of the layer, so both run the same code.
 *
 * <p>{@link dev.longtake.vae.TinyDecoder} makes rougher pictures of the same latents for a fraction
 * of the work; what only shows pictures takes either as a {@link dev.longtake.vae.PictureDecoder}.
 *
 * <p>Three things are computed otherwise than they are usually written, and come to the same sum:
 * nearest-neighbour doubling and the convolution after it are one transposed convolution; a
 * convolution over time alone is a matrix product; and in FLOAT32 on a processor the taps in time
 * of a 3 × 3 × 3 convolution become channels of a flat one.
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>However a video is split, the parts decode to what the whole decodes to, and encode
 *       likewise, but for the last bits of rounding.
 *   <li>A frame depends on no later one.
 *   <li>A state holds its own copies, at most two frames for each causal layer, and frees what it
 *       replaces at once. Nothing may follow a pass that failed half way: it says so.
 *   <li>Weights carry the published names, {@code encoder.downsamples.3.residual.2.weight} and so
 *       on, under no prefix.
 * </ul>
 */
@NullMarked
package dev.longtake.vae;

import org.jspecify.annotations.NullMarked;
