package dev.longtake.text;

/**
 * Sizes of a UMT5 encoder.
 *
 * @param vocab how many token ids there are, > 2 (padding, end and one more)
 * @param dim width of the states
 * @param dimAttention width of all heads together, a multiple of heads
 * @param dimFfn width inside the feed-forward part
 * @param heads attention heads
 * @param layers blocks
 * @param buckets rows of a table of relative positions, a multiple of 4: half for keys behind the
 *     query, half for keys ahead of it, and in each half one for every small distance and one for
 *     every range of larger ones
 * @param maxDistance distance in tokens from which on all share the last bucket, > buckets / 4
 */
public record Umt5Config(
    int vocab,
    int dim,
    int dimAttention,
    int dimFfn,
    int heads,
    int layers,
    int buckets,
    int maxDistance) {

  /** The published encoder of Wan 2.1, 5.68 billion weights. */
  public static final Umt5Config XXL = new Umt5Config(256_384, 4096, 4096, 10_240, 64, 24, 32, 128);

  public Umt5Config {
    check("vocab", vocab, vocab > 2, "more than 2");
    check("dim", dim, dim > 0, "positive");
    check("dimFfn", dimFfn, dimFfn > 0, "positive");
    check("heads", heads, heads > 0, "positive");
    check(
        "dimAttention",
        dimAttention,
        dimAttention > 0 && dimAttention % heads == 0,
        "a multiple of " + heads + " heads");
    check("layers", layers, layers > 0, "positive");
    check("buckets", buckets, buckets > 0 && buckets % 4 == 0, "a multiple of 4");
    check("maxDistance", maxDistance, maxDistance > buckets / 4, "more than " + buckets / 4);
  }

  /** Sizes with UMT5's own 32 buckets up to a distance of 128 tokens. */
  public static Umt5Config of(
      int vocab, int dim, int dimAttention, int dimFfn, int heads, int layers) {
    return new Umt5Config(vocab, dim, dimAttention, dimFfn, heads, layers, 32, 128);
  }

  /** Width of one head. */
  public int headWidth() {
    return dimAttention / heads;
  }

  private static void check(String name, int value, boolean good, String wanted) {
    if (!good) {
      throw new IllegalArgumentException(name + " must be " + wanted + ", not " + value);
    }
  }
}
