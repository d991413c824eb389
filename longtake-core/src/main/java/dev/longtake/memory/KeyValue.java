package dev.longtake.memory;

import dev.longtake.nn.AttentionSpan;
import dev.longtake.nn.Rotary;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Keys and values of some tokens in one layer; they live until closed, whatever the scope. */
record KeyValue(@Axes("B L H d") Tensor key, @Axes("B L H d") Tensor value)
    implements AutoCloseable {

  /** A copy without gradients. */
  static KeyValue copyOf(Tensor key, Tensor value) {
    try (var scope = Scope.open()) {
      return new KeyValue(key.detach().copy(), value.detach().copy()).escape();
    }
  }

  private KeyValue escape() {
    Scope.escape(key);
    Scope.escape(value);
    return this;
  }

  /** Several frames one after the other, their keys turned. */
  static KeyValue joined(List<KeyValue> frames, Rotary rotary) {
    try (var scope = Scope.open()) {
      return new KeyValue(
              rotary.apply(Tensor.cat(frames.stream().map(KeyValue::key).toList(), 1)),
              Tensor.cat(frames.stream().map(KeyValue::value).toList(), 1))
          .escape();
    }
  }

  /** The same memory once more, with a life of its own. */
  KeyValue shared() {
    return new KeyValue(Scope.escape(key.detach()), Scope.escape(value.detach()));
  }

  /** These tokens and then others, in one piece of the inner scope. */
  KeyValue followedBy(KeyValue others) {
    return new KeyValue(
        Tensor.cat(List.of(key, others.key), 1), Tensor.cat(List.of(value, others.value), 1));
  }

  /** Copies of single frames, of so many tokens each, without gradients. */
  static List<KeyValue> byFrame(Tensor key, Tensor value, int tokens) {
    try (var scope = Scope.open()) {
      var frames = new ArrayList<KeyValue>();
      for (long at = 0; at < key.size(1); at += tokens) {
        frames.add(
            new KeyValue(
                key.narrow(1, at, tokens).detach().copy(),
                value.narrow(1, at, tokens).detach().copy()));
      }
      frames.forEach(KeyValue::escape);
      return frames;
    }
  }

  /** Some of these tokens, as views of the inner scope. */
  KeyValue part(long at, long tokens) {
    return new KeyValue(key.narrow(1, at, tokens), value.narrow(1, at, tokens));
  }

  /** Attention of a pass's queries to these tokens, and then to the pass's own. */
  Tensor attendedBefore(Tensor q, Tensor k, Tensor v) {
    return AttentionSpan.attendAfter(key, value, q, k, v);
  }

  @Override
  public void close() {
    key.close();
    value.close();
  }
}
