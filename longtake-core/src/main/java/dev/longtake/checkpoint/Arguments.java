package dev.longtake.checkpoint;

import java.util.List;
import java.util.Map;

/**
 * What a pickle passes to a function, checked as it is taken.
 *
 * @param in for saying where something is wrong
 */
record Arguments(PickleBytes in, List<Object> values) {

  int size() {
    return values.size();
  }

  <T> T get(int index, Class<T> type) {
    if (index >= values.size()) {
      throw in.bad("passes " + values.size() + " arguments where more are needed");
    }
    return cast(in, values.get(index), type);
  }

  /** A tuple of whole numbers. */
  List<Long> numbers(int index) {
    return get(index, Unpickler.Tuple.class).items().stream()
        .map(item -> cast(in, item, Long.class))
        .toList();
  }

  Arguments requireAtMost(int count) {
    if (values.size() > count) {
      throw in.bad("passes " + values.size() + " arguments where " + count + " are known");
    }
    return this;
  }

  /**
   * Refuses the optional marks that PyTorch puts last for lazily negated or conjugated tensors,
   * whose bytes are not their values.
   */
  Arguments requireEmptyFrom(int index) {
    requireAtMost(index + 1);
    if (values.size() > index && !get(index, Map.class).isEmpty()) {
      throw in.bad("marks a tensor as lazily negated or conjugated; save it resolved");
    }
    return this;
  }

  static <T> T cast(PickleBytes in, Object value, Class<T> type) {
    if (!type.isInstance(value)) {
      throw in.bad(
          "has a "
              + value.getClass().getSimpleName()
              + " where a "
              + type.getSimpleName()
              + " belongs");
    }
    return type.cast(value);
  }
}
