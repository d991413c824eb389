package dev.longtake.wan;

/**
 * The sizes of a transformer.
 *
 * @param dim model width D
 * @param ffnDim width of the feed-forward layer
 * @param freqDim width of the sinusoidal time embedding, even
 * @param textDim width of the text encoder's states
 * @param textLen text tokens per prompt; shorter prompts are padded with zeros
 * @param inDim latent channels
 * @param numHeads attention heads; they divide D in an even head width
 * @param numLayers blocks
 */
public record WanConfig(
    int dim,
    int ffnDim,
    int freqDim,
    int textDim,
    int textLen,
    int inDim,
    int numHeads,
    int numLayers) {
  /** Epsilon of every norm. */
  public static final double EPS = 1e-6;

  /** Latent rows and columns per patch; a patch is one frame deep. */
  public static final int PATCH = 2;

  /** Wan 2.1 T2V 1.3B. */
  public static final WanConfig T2V_1_3B = new WanConfig(1536, 8960, 256, 4096, 512, 16, 12, 30);

  /** Wan 2.1 T2V 14B. */
  public static final WanConfig T2V_14B = new WanConfig(5120, 13824, 256, 4096, 512, 16, 40, 40);

  /**
   * Checks the sizes.
   *
   * @throws IllegalArgumentException if one is below 1 or the heads do not divide the width evenly
   */
  public WanConfig {
    int least = dim;
    for (int size : new int[] {ffnDim, freqDim, textDim, textLen, inDim, numHeads, numLayers}) {
      least = Math.min(least, size);
    }
    if (least < 1) {
      throw new IllegalArgumentException("every size of a transformer must be at least 1");
    }
    if (dim % (2 * numHeads) != 0) {
      throw new IllegalArgumentException(
          "dim " + dim + " does not split into " + numHeads + " heads of even width");
    }
    if (freqDim % 2 != 0) {
      throw new IllegalArgumentException("freq_dim must be even, not " + freqDim);
    }
  }

  /** Width d of one head. */
  public int headDim() {
    return dim / numHeads;
  }
}
