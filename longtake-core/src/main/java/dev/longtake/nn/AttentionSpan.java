package dev.longtake.nn;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Functional;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.List;

/**
 * Which keys each query of a self-attention layer sees. Axes: B batch, L tokens, H heads, d head
 * width.
 */
@FunctionalInterface
public interface AttentionSpan {

  /** Every token sees every token. */
  AttentionSpan FULL = (q, k, rawK, v) -> attend(q, k, v);

  /**
   * Attention's output for the tokens of this pass.
   *
   * @param q rotated queries
   * @param k rotated keys of the same tokens
   * @param rawK the same keys before rotation, for whoever keeps them
   * @param v values of the same tokens
   */
  @Axes("B L H d")
  Tensor attend(
      @Axes("B L H d") Tensor q,
      @Axes("B L H d") Tensor k,
      @Axes("B L H d") Tensor rawK,
      @Axes("B L H d") Tensor v);

  /** Query i sees key j where the mask is true. */
  static AttentionSpan masked(@Axes("L L") Tensor mask) {
    return (q, k, rawK, v) -> {
      try (var scope = Scope.open()) {
        double scale = 1 / Math.sqrt(q.size(-1));
        var out =
            Functional.attention(
                q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2), mask, scale);
        return scope.keep(out.transpose(1, 2));
      }
    };
  }

  /**
   * The first tokens are context: they see one another, and the rest sees everything. This is one
   * denoising pass and the pass that filled its memory in one, so that gradients reach the memory.
   *
   * @param context how many tokens are context
   */
  static AttentionSpan contextThenChunk(long context) {
    return (q, k, rawK, v) -> {
      try (var scope = Scope.open()) {
        long chunk = q.size(1) - context;
        var seen =
            attend(q.narrow(1, 0, context), k.narrow(1, 0, context), v.narrow(1, 0, context));
        var made = attend(q.narrow(1, context, chunk), k, v);
        return scope.keep(Tensor.cat(List.of(seen, made), 1));
      }
    };
  }

  /** Unmasked attention over tokens laid out [B L H d]. */
  static @Axes("B L H d") Tensor attend(Tensor q, Tensor k, Tensor v) {
    try (var scope = Scope.open()) {
      return scope.keep(
          Functional.attention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2))
              .transpose(1, 2));
    }
  }
}
