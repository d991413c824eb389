package dev.longtake.nn;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Spans for training on whole videos block by block, without a mask: each block's queries attend to
 * what they may see and to nothing else, so that neither memory nor time is spent on the rest.
 */
public final class BlockSpans {
  private BlockSpans() {}

  /**
   * Each block of tokens sees itself and all earlier blocks.
   *
   * @param block tokens of a block, at least 1; the last may be shorter
   */
  public static AttentionSpan blockCausal(long block) {
    return (q, k, rawK, v) -> {
      try (var scope = Scope.open()) {
        return scope.keep(Tensor.cat(causal(q, k, v, block), 1));
      }
    };
  }

  /**
   * Clean tokens, then as many noisy ones: a clean block sees the clean blocks up to itself, a
   * noisy block itself and the clean blocks before it.
   *
   * @param block tokens of a block, at least 1; the last may be shorter
   */
  public static AttentionSpan teacherForcing(long block) {
    return (q, k, rawK, v) -> {
      try (var scope = Scope.open()) {
        long half = k.size(1) / 2;
        long asking = AttentionSpan.contextAsking(q, k, half);
        var parts = new ArrayList<Tensor>();
        if (asking > 0) {
          parts.addAll(
              causal(q.narrow(1, 0, half), k.narrow(1, 0, half), v.narrow(1, 0, half), block));
        }
        for (long start = 0; start < half; start += block) {
          long length = Math.min(block, half - start);
          parts.add(
              AttentionSpan.attend(
                  q.narrow(1, asking + start, length),
                  before(k, start, half + start, length),
                  before(v, start, half + start, length)));
        }
        return scope.keep(Tensor.cat(parts, 1));
      }
    };
  }

  /** Of the queries there are, which are those of the last tokens. */
  private static List<Tensor> causal(Tensor q, Tensor k, Tensor v, long block) {
    var parts = new ArrayList<Tensor>();
    long all = k.size(1);
    long silent = all - q.size(1);
    for (long start = 0; start < all; start += block) {
      long end = Math.min(all, start + block);
      long from = Math.max(start, silent);
      if (from < end) {
        parts.add(
            AttentionSpan.attend(
                q.narrow(1, from - silent, end - from), k.narrow(1, 0, end), v.narrow(1, 0, end)));
      }
    }
    return parts;
  }

  /** The first tokens, then some from further on. */
  private static @Axes("B L H d") Tensor before(Tensor x, long first, long from, long length) {
    return Tensor.cat(List.of(x.narrow(1, 0, first), x.narrow(1, from, length)), 1);
  }
}
