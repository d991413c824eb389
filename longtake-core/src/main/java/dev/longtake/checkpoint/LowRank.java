package dev.longtake.checkpoint;

/**
 * The sizes of a low-rank adapter: it adds {@code alpha / rank · B A} to a weight (Hu et al.,
 * 2021).
 *
 * @param rank rows of A and columns of B, at least 1
 * @param alpha strength, above 0
 */
public record LowRank(int rank, double alpha) {
  /** Checks the ranges. */
  public LowRank {
    if (rank < 1 || !(alpha > 0)) {
      throw new IllegalArgumentException(
          "an adapter needs a rank of at least 1 and an alpha above 0, not "
              + rank
              + " and "
              + alpha);
    }
  }

  /** What B A is multiplied by. */
  public double scale() {
    return alpha / rank;
  }
}
