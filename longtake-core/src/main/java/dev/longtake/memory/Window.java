package dev.longtake.memory;

import dev.longtake.nn.AttentionSpan;
import dev.longtake.nn.FusedOps;
import dev.longtake.nn.Rotary;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One layer's memory in the order of a plan: raw keys and values of every held frame, held once,
 * the keys turned to their positions, and after them room for the tokens of a pass. A pass attends
 * to one piece of memory, to which its own tokens are written; nothing is joined for it.
 *
 * <p>Axes: B batch, N tokens there is room for, L tokens, H heads, d head width. Belongs to the
 * caller's scope until it escapes.
 *
 * @param raw keys before rotation
 * @param turned keys at their positions
 * @param values of the same tokens
 */
record Window(
    @Axes("B N H d") Tensor raw, @Axes("B N H d") Tensor turned, @Axes("B N H d") Tensor values)
    implements AutoCloseable {

  /** Room for so many tokens of the kind given; nothing in it yet. */
  static Window of(long room, @Axes("B L H d") Tensor like) {
    return new Window(room(room, like), room(room, like), room(room, like));
  }

  private static Tensor room(long tokens, Tensor like) {
    return Tensor.empty(
        like.dtype(), like.device(), like.size(0), tokens, like.size(2), like.size(3));
  }

  /** Takes every tensor out of every scope: it lives until closed. */
  Window escape() {
    tensors().forEach(Scope::escape);
    return this;
  }

  /** Every tensor of this. */
  List<Tensor> tensors() {
    return List.of(raw, turned, values);
  }

  /** Tokens there is room for. */
  long room() {
    return raw.size(1);
  }

  /** Copies raw keys and values to a place. */
  void put(long at, @Axes("B L H d") Tensor key, @Axes("B L H d") Tensor value) {
    try (var scope = Scope.open()) {
      raw.narrow(1, at, key.size(1)).copyFrom(key);
      values.narrow(1, at, value.size(1)).copyFrom(value);
    }
  }

  /** Raw keys and values of some tokens, as views. */
  KeyValue part(long at, long tokens) {
    return new KeyValue(raw.narrow(1, at, tokens), values.narrow(1, at, tokens));
  }

  /** Turned keys and values of the first tokens, as views. */
  KeyValue seen(long tokens) {
    return new KeyValue(turned.narrow(1, 0, tokens), values.narrow(1, 0, tokens));
  }

  /**
   * Whole frames of others, one after the other.
   *
   * @param rows INT64, which of their frames, counted from the first of the whole batch
   * @param tokens of a frame
   */
  void take(KeyValue from, @Axes("B n") Tensor rows, int tokens) {
    try (var scope = Scope.open()) {
      put(0, gathered(from.key(), rows, tokens), gathered(from.value(), rows, tokens));
    }
  }

  private static Tensor gathered(@Axes("B L H d") Tensor all, Tensor rows, int tokens) {
    return all.reshape(-1, tokens, all.size(2), all.size(3))
        .gatherRows(0, rows.reshape(-1))
        .reshape(all.size(0), rows.size(1) * tokens, all.size(2), all.size(3));
  }

  /** Turns the first keys to their positions. */
  void turn(Rotary rotary, FusedOps ops) {
    try (var scope = Scope.open()) {
      long tokens = rotary.rotation().size(0);
      ops.turnInto(raw.narrow(1, 0, tokens), rotary, turned.narrow(1, 0, tokens));
    }
  }

  /**
   * Where a pass's own tokens stand, behind the first {@code past}: its queries see both. Views, in
   * the caller's scope.
   *
   * @param keepsRaw whether raw keys are to be written too
   */
  Behind behind(long past, long own, boolean keepsRaw, FusedOps ops) {
    return new Behind(
        ops,
        turned.narrow(1, past, own),
        keepsRaw ? raw.narrow(1, past, own) : null,
        values.narrow(1, past, own),
        seen(past + own));
  }

  /** See {@link #behind}. */
  record Behind(FusedOps ops, Tensor turned, @Nullable Tensor raw, Tensor values, KeyValue seen)
      implements AttentionSpan.Place {

    /** With these tokens written. */
    Behind filled(Tensor k, Tensor rawK, Tensor v) {
      turned.copyFrom(k);
      values.copyFrom(v);
      if (raw != null) {
        raw.copyFrom(rawK);
      }
      return this;
    }

    @Override
    public Tensor attend(Tensor q) {
      return ops.attended(q, seen.key(), seen.value());
    }
  }

  /** The same without writing, so that gradients reach the pass's own tokens. */
  Tensor attendJoined(long past, Tensor q, Tensor k, Tensor v) {
    try (var scope = Scope.open()) {
      return scope.keep(seen(past).attendedBefore(q, k, v));
    }
  }

  @Override
  public void close() {
    raw.close();
    turned.close();
    values.close();
  }
}
