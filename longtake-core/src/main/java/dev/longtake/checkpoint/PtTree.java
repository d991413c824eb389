package dev.longtake.checkpoint;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Finds its way in what an {@link Unpickler} made, which may be wide, deep or even circular. */
final class PtTree {
  private static final int DEEPEST = 32;
  private static final int MOST_VISITS = 1_000_000;

  private final String file;
  private final Map<String, PtTensor> tensors = new LinkedHashMap<>();
  private int visits;

  private PtTree(String file) {
    this.file = file;
  }

  /** What lies at the end of a path of keys. */
  static Optional<Object> find(Object root, List<String> path) {
    var here = Optional.of(root);
    for (var key : path) {
      here = here.flatMap(PtTree::children).map(children -> children.get(key));
    }
    return here;
  }

  /** What a dict or a list holds, by key; empty for anything else. */
  @SuppressWarnings("unchecked") // the unpickler makes no other maps
  static Optional<Map<String, Object>> children(Object value) {
    return value instanceof Map<?, ?> dict
        ? Optional.of((Map<String, Object>) dict)
        : items(value).map(PtTree::numbered);
  }

  private static Optional<List<?>> items(Object value) {
    return switch (value) {
      case Unpickler.Tuple tuple -> Optional.of(tuple.items());
      case List<?> list -> Optional.of(list);
      default -> Optional.empty();
    };
  }

  private static Map<String, Object> numbered(List<?> items) {
    Map<String, Object> byPlace = new LinkedHashMap<>();
    for (int i = 0; i < items.size(); i++) {
      byPlace.put(Integer.toString(i), items.get(i));
    }
    return byPlace;
  }

  /** Every tensor from here inwards, under its keys joined by dots. */
  static Map<String, PtTensor> tensors(String file, Object root) {
    var tree = new PtTree(file);
    tree.collect("", root, 0);
    return tree.tensors;
  }

  private void collect(String name, Object value, int depth) {
    if (value instanceof PtTensor tensor) {
      add(name, tensor);
      return;
    }
    // Counted before the entries are looked at: one long list may hang in a million places.
    visits +=
        value instanceof Map<?, ?> dict ? dict.size() : items(value).map(List::size).orElse(0);
    if (visits > MOST_VISITS || depth > DEEPEST) {
      throw new CheckpointException(
          file, "its dicts nest without end; refuse files you do not trust");
    }
    var prefix = depth == 0 ? "" : name + ".";
    children(value)
        .ifPresent(c -> c.forEach((key, inner) -> collect(prefix + key, inner, depth + 1)));
  }

  private void add(String name, PtTensor tensor) {
    if (tensors.put(name, tensor) != null) {
      throw new CheckpointException(
          file,
          "two tensors are both called "
              + CheckpointException.quoted(name)
              + "; name the inner dict that you want");
    }
  }
}
