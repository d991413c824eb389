package dev.longtake.nn;

import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Several linear layers of one width that read the same, such as those of queries, keys and values:
 * each by itself, or all in one product, which fills a GPU better.
 *
 * @param each the layers
 * @param joined all of them, one after the other, as one layer; absent where each is multiplied by
 *     itself
 */
public record Projections(List<Projection> each, @Nullable Projection joined) {

  /** Copies the list. */
  public Projections {
    each = List.copyOf(each);
  }

  /**
   * Maps [..., in] to [..., out] by every layer; where they are joined the results lie side by
   * side.
   */
  public List<Tensor> forward(Operand x) {
    if (joined == null) {
      return each.stream().map(layer -> layer.forward(x)).toList();
    }
    try (var scope = Scope.open()) {
      var all = joined.forward(x);
      var parts = all.chunk(each.size(), all.rank() - 1);
      parts.forEach(scope::keep);
      return parts;
    }
  }

  /** Maps [..., in] to [..., out] by the layer of that number. */
  public Tensor forward(int layer, Operand x) {
    return each.get(layer).forward(x);
  }
}
