package dev.longtake.nn;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Functional;
import dev.longtake.tensor.Functional.Attended;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;

/**
 * Attention to the two halves of the keys, side by side, joined afterwards: {@code out = Σ wᵢ outᵢ,
 * wᵢ = exp(sᵢ) / Σ exp(sⱼ)}, s the logarithm of the sum of a half's exponentials.
 *
 * <p>A GPU's multiprocessors take 128 queries of one head at a time, through all keys. A chunk of
 * Wan 1.3B makes 444 such pieces: 132 multiprocessors work through them in four rounds, the last a
 * third full. In halves it is seven rounds half as long.
 */
final class KeyParts {
  private static final int PARTS = 2;
  private static final int TILE = 128;
  private static final int LEAST =
      8192; // keys; joining costs as much as attending to a few hundred
  private static final double GAIN = 0.05; // at least, of the rounds

  private KeyParts() {}

  /** Whether attention in halves is sooner done. */
  static boolean pay(@Axes("B L H d") Tensor q, @Axes("B K H d") Tensor k, int multiprocessors) {
    return q.size(0) == 1
        && k.size(1) % PARTS == 0
        && k.size(1) >= LEAST
        && rounds(q, PARTS, multiprocessors) <= (1 - GAIN) * rounds(q, 1, multiprocessors);
  }

  /** In units of a piece with all keys. */
  private static double rounds(Tensor q, int parts, int multiprocessors) {
    long pieces = (q.size(1) + TILE - 1) / TILE * q.size(2) * parts;
    return Math.ceil((double) pieces / multiprocessors) / parts;
  }

  /**
   * Attention to each half.
   *
   * @param q of one video, and so are the others
   * @param k an even number of keys
   * @return P = 2 halves
   */
  static @Axes("P H L d") Attended attend(
      @Axes("1 L H d") Tensor q, @Axes("1 K H d") Tensor k, @Axes("1 K H d") Tensor v) {
    try (var scope = Scope.open()) {
      var both = q.expand(PARTS, q.size(1), q.size(2), q.size(3)).contiguous();
      var made = Functional.attentionWithSums(heads(both), heads(halves(k)), heads(halves(v)));
      return new Attended(scope.keep(made.out()), scope.keep(made.logSums()));
    }
  }

  private static Tensor heads(Tensor x) {
    return x.transpose(1, 2);
  }

  private static Tensor halves(Tensor x) {
    return x.reshape(PARTS, x.size(1) / PARTS, x.size(2), x.size(3));
  }

  /** The halves joined by LibTorch's operators. */
  static @Axes("1 L H d") Tensor joined(@Axes("P H L d") Attended halves) {
    try (var scope = Scope.open()) {
      var sums = halves.logSums();
      var weights = sums.minus(sums.max(0L)).exp();
      var shares = weights.dividedBy(weights.sum(0)).unsqueeze(3); // [P, H, L, 1]
      var out = halves.out();
      return scope.keep(out.times(shares).sum(0).to(out.dtype()).transpose(1, 2));
    }
  }
}
