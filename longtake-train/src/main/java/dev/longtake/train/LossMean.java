package dev.longtake.train;

import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * The mean of several batches' losses, part by part, without their graphs; a part is averaged over
 * the batches that have it. Does not wait for the device.
 */
final class LossMean implements AutoCloseable {
  private static final String TOTAL = ""; // no part's tag

  private final Map<String, Tensor> sums = new TreeMap<>(); // told in one order in every run
  private final Map<String, Integer> counts = new LinkedHashMap<>();

  void add(Objective.Loss loss) {
    add(TOTAL, loss.total());
    loss.parts().forEach(this::add);
  }

  private void add(String tag, Tensor value) {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var sum = sums.get(tag);
      if (sum == null) {
        sums.put(tag, Scope.escape(value.detach().copy()));
      } else {
        sum.plusInPlace(value, 1);
      }
    }
    counts.merge(tag, 1, Integer::sum);
  }

  /** Of everything added so far, owned by the caller's scope. */
  Objective.Loss mean() {
    try (var scope = Scope.open()) {
      Map<String, Tensor> means = new LinkedHashMap<>();
      sums.forEach(
          (tag, sum) -> means.put(tag, scope.keep(sum.times(1.0 / counts.getOrDefault(tag, 1)))));
      var total = means.remove(TOTAL);
      if (total == null) {
        throw new IllegalStateException("no loss was added");
      }
      return new Objective.Loss(total, means);
    }
  }

  @Override
  public void close() {
    sums.values().forEach(Tensor::close);
    sums.clear();
  }
}
