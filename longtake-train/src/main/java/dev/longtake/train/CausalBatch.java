package dev.longtake.train;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Tensor;
import dev.longtake.text.TokenIds;

/**
 * Frames to train the causal transformer on: what memory would hold, then the chunk to be
 * generated.
 *
 * @param latents clean, normalised, FLOAT32; the chunk comes last
 * @param positions temporal position of each frame, memory first
 * @param chunk how many frames, from the end, are the chunk
 * @param captions token numbers of the captions
 */
public record CausalBatch(
    @Axes("B C F Y X") Tensor latents, int[] positions, int chunk, TokenIds captions) {

  /** Checks that positions and frames are as many. */
  public CausalBatch {
    if (latents.size(2) != positions.length || chunk < 1 || chunk > positions.length) {
      throw new IllegalArgumentException(
          "a chunk of "
              + chunk
              + " frames and "
              + positions.length
              + " positions do not fit latents "
              + latents);
    }
  }

  /** How many frames memory holds. */
  public int context() {
    return positions.length - chunk;
  }
}
