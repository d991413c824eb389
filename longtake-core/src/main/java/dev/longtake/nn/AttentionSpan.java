package dev.longtake.nn;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Functional;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Which keys each query of a self-attention layer sees. Axes: B batch, L tokens, H heads, d head
 * width.
 */
@FunctionalInterface
public interface AttentionSpan {

  /** Every token sees every token. */
  AttentionSpan FULL = (q, k, rawK, v) -> attend(q, k, v);

  /**
   * Attention's output for the tokens of this pass, or for the last of them where there are fewer
   * queries than keys: the last layer asks for no more than is predicted.
   *
   * @param q rotated queries, of as many tokens or of fewer
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

  /** Where keys and values of a pass stand for its queries to see them. */
  interface Place {
    /** For rotated keys. */
    @Axes("B L H d")
    Tensor turned();

    /** For the same keys before rotation; absent where nobody keeps them. */
    @Axes("B L H d")
    @Nullable Tensor raw();

    /** For values. */
    @Axes("B L H d")
    Tensor values();

    /** Attention's output for the tokens of the pass, once keys and values are written. */
    @Axes("B L H d")
    Tensor attend(@Axes("B L H d") Tensor q);
  }

  /**
   * Gives a pass the place for its keys and values, in place of taking them by {@link #attend}. Who
   * claims it writes all of them and then attends, once: where a pass is recorded, what stands
   * there is what will be remembered. None where they are to stay by themselves.
   *
   * @param tokens of the pass
   */
  default Optional<Place> claim(long tokens) {
    return Optional.empty();
  }

  /**
   * What {@link #attend} keeps of the tokens of this pass, for whom nothing is asked.
   *
   * @param k rotated keys
   * @param rawK the same keys before rotation
   * @param v values of the same tokens
   */
  default void leave(
      @Axes("B L H d") Tensor k, @Axes("B L H d") Tensor rawK, @Axes("B L H d") Tensor v) {
    try (var scope = Scope.open()) {
      var unused = attend(k, k, rawK, v); // what is kept does not depend on who asks
    }
  }

  /**
   * The same span for running the same pass again later, whatever became of this one meanwhile;
   * keys are kept by the first run only.
   *
   * @param owner takes tensors of the span's own, out of every scope, and closes them
   */
  default AttentionSpan lasting(Consumer<Tensor> owner) {
    return this;
  }

  /** Query i sees key j where the mask is true. */
  static AttentionSpan masked(@Axes("L L") Tensor mask) {
    return new Masked(mask);
  }

  /** See {@link #masked}. */
  record Masked(@Axes("L L") Tensor mask) implements AttentionSpan {
    @Override
    public Tensor attend(Tensor q, Tensor k, Tensor rawK, Tensor v) {
      try (var scope = Scope.open()) {
        double scale = 1 / Math.sqrt(q.size(-1));
        var own = mask.narrow(0, mask.size(0) - q.size(1), q.size(1));
        var out =
            Functional.attention(
                q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2), own, scale);
        return scope.keep(out.transpose(1, 2));
      }
    }

    @Override
    public AttentionSpan lasting(Consumer<Tensor> owner) {
      var own = Scope.escape(mask.alias());
      owner.accept(own);
      return new Masked(own);
    }
  }

  /**
   * The first tokens are context: they see one another, and the rest sees everything. This is one
   * denoising pass and the pass that filled its memory in one, so that gradients reach the memory.
   *
   * @param context how many tokens are context
   */
  static AttentionSpan contextThenChunk(long context) {
    return contextThenChunks(context, 1);
  }

  /**
   * As {@link #contextThenChunk}, with several chunks one after the other that share the context
   * and do not see one another.
   *
   * @param context how many tokens are context
   * @param chunks how many chunks, of equal length, share the remaining tokens
   */
  static AttentionSpan contextThenChunks(long context, long chunks) {
    return (q, k, rawK, v) -> {
      try (var scope = Scope.open()) {
        long asking = contextAsking(q, k, context);
        var made =
            attend(apart(q, asking, chunks), seen(k, context, chunks), seen(v, context, chunks));
        var inRow = made.reshape(q.size(0), q.size(1) - asking, q.size(2), q.size(3));
        if (asking == 0) {
          return scope.keep(inRow);
        }
        var seen =
            attend(q.narrow(1, 0, context), k.narrow(1, 0, context), v.narrow(1, 0, context));
        return scope.keep(Tensor.cat(List.of(seen, inRow), 1));
      }
    };
  }

  /**
   * How many of the queries are the context's: all of it, or none.
   *
   * @throws IllegalArgumentException if it is some of it
   */
  static long contextAsking(@Axes("B L H d") Tensor q, @Axes("B L H d") Tensor k, long context) {
    long asking = q.size(1) - (k.size(1) - context);
    if (asking != context && asking != 0) {
      throw new IllegalArgumentException(
          q.size(1)
              + " queries are neither all "
              + k.size(1)
              + " tokens nor the "
              + (k.size(1) - context)
              + " behind the context");
    }
    return asking;
  }

  /** Every chunk for itself: [B · chunks, L, H, d]. */
  private static Tensor apart(Tensor x, long context, long chunks) {
    try (var scope = Scope.open()) {
      long rest = x.size(1) - context;
      return scope.keep(
          x.narrow(1, context, rest)
              .reshape(x.size(0) * chunks, rest / chunks, x.size(2), x.size(3)));
    }
  }

  /** What each chunk sees, the context and itself, written once: [B · chunks, L, H, d]. */
  private static Tensor seen(Tensor x, long context, long chunks) {
    try (var scope = Scope.open()) {
      long batch = x.size(0);
      long own = (x.size(1) - context) / chunks;
      long heads = x.size(2);
      long width = x.size(3);
      var shared =
          x.narrow(1, 0, context).unsqueeze(1).expand(batch, chunks, context, heads, width);
      var apart = x.narrow(1, context, own * chunks).reshape(batch, chunks, own, heads, width);
      return scope.keep(
          Tensor.cat(List.of(shared, apart), 2)
              .reshape(batch * chunks, context + own, heads, width));
    }
  }

  /**
   * Attention to tokens of a past, S of them, and then to the pass's own; nothing of the past is
   * written, so gradients reach the pass's own tokens.
   */
  static @Axes("B L H d") Tensor attendAfter(
      @Axes("B S H d") Tensor pastK,
      @Axes("B S H d") Tensor pastV,
      @Axes("B L H d") Tensor q,
      @Axes("B L H d") Tensor k,
      @Axes("B L H d") Tensor v) {
    try (var scope = Scope.open()) {
      return scope.keep(
          attend(q, Tensor.cat(List.of(pastK, k), 1), Tensor.cat(List.of(pastV, v), 1)));
    }
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
