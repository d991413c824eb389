package dev.longtake.rollout;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Graph;
import dev.longtake.tensor.GraphMemory;
import dev.longtake.tensor.Tensor;
import java.util.function.Supplier;

/** Records passes as graphs of a GPU. They run one after the other, so they share their memory. */
final class GraphRecorder implements CapturedPass.Recorder {
  private final GraphMemory memory;

  GraphRecorder(Device device) {
    memory = GraphMemory.on(device);
  }

  @Override
  public CapturedPass.Recording record(Supplier<Tensor> work) {
    var graph = Graph.record(memory, work);
    return new CapturedPass.Recording() {
      @Override
      public Tensor replay() {
        return graph.replay();
      }

      @Override
      public void close() {
        graph.close();
      }
    };
  }

  @Override
  public void close() {
    memory.close();
  }
}
