package dev.longtake.recipes;

import dev.longtake.optim.OrElse;
import dev.longtake.train.AdapterConfig;
import java.util.List;

/**
 * Whether a transformer is trained by a low-rank adapter, the key {@code adapter} of run files.
 *
 * @param rank of the adapter, at least 1; 0 if all weights are trained
 * @param alpha strength, above 0: the change is {@code alpha / rank · B A}; 0 if there is none
 * @param targets linears that it changes, by the last parts of their names
 */
public record AdapterKeys(
    @OrElse("0") int rank,
    @OrElse("0") double alpha,
    @OrElse("[q, k, v, o, ffn.0, ffn.2]") List<String> targets) {

  /** Checks that what is said of an adapter is heeded, and copies the list. */
  public AdapterKeys {
    targets = List.copyOf(targets);
    if (rank < 0 || rank > 0 != alpha > 0 || !(alpha >= 0)) {
      throw new IllegalArgumentException(
          "adapter needs a rank of at least 1 and an alpha above 0, or neither, not "
              + rank
              + " and "
              + alpha);
    }
    if (rank > 0) {
      new AdapterConfig(rank, alpha, targets);
    }
  }

  /** Whether there is one. */
  boolean wanted() {
    return rank > 0;
  }

  /** It. */
  AdapterConfig config() {
    return new AdapterConfig(rank, alpha, targets);
  }
}
