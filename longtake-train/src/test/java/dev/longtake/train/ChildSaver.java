package dev.longtake.train;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.nio.file.Path;
import java.util.Map;

/** A process that saves a small state, then one for which there is no room. */
final class ChildSaver {
  private ChildSaver() {}

  public static void main(String[] args) {
    var store = new CheckpointStore(Path.of(args[0]), "causal", 1);
    CheckpointStoreTest.save(store, 2);
    try (var scope = Scope.open()) {
      var large = Tensor.full(1, Dtype.FLOAT32, Device.CPU, 100_000);
      store.save(new TrainingState(4, 4, large, large, large, large).whole(), Map.of());
    } catch (CheckpointException e) {
      System.out.println(e.getMessage());
    }
  }
}
