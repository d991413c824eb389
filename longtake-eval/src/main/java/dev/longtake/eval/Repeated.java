package dev.longtake.eval;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Graph;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Stopwatch;
import dev.longtake.tensor.Tensor;
import java.util.function.Supplier;

/**
 * The time of work that is short beside a call from Java. On a GPU it is recorded many times in a
 * row and replayed, so that nothing but the GPU is timed; what it reads and writes may then stay in
 * the GPU's cache, if it fits.
 */
final class Repeated {
  private static final int WARM_UPS = 3;
  private static final int IN_ROW = 20;

  private Repeated() {}

  /** The median of some runs, for one time of the work. */
  static double milliseconds(Device device, int runs, Supplier<Tensor> work) {
    var watch = Stopwatch.on(device);
    if (device.kind() != Device.Kind.CUDA) {
      return watch.median(
          WARM_UPS,
          runs,
          () -> {
            var unused = work.get();
          });
    }
    try (var graph = Graph.record(device, () -> inRow(work))) {
      return watch.median(WARM_UPS, runs, graph::replay) / IN_ROW;
    }
  }

  private static Tensor inRow(Supplier<Tensor> work) {
    for (int i = 1; i < IN_ROW; i++) {
      try (var scope = Scope.open()) {
        var unused = work.get();
      }
    }
    return work.get();
  }
}
