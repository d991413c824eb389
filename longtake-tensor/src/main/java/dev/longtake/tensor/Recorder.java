package dev.longtake.tensor;

import java.util.function.Supplier;

/** Runs work and records it, so that it can be run again as a whole. */
@FunctionalInterface
public interface Recorder extends AutoCloseable {

  /** Work that can be run again as a whole, such as a {@link Graph}. */
  interface Recording extends AutoCloseable {
    /** Runs it; the same tensor each time, overwritten by the next run. */
    Tensor replay();

    @Override
    void close();
  }

  /**
   * Runs work, once, and records it.
   *
   * @param work ends in a tensor of the same size each time
   */
  Recording record(Supplier<Tensor> work);

  /** After the last recording is closed. */
  @Override
  default void close() {}

  /**
   * Records graphs of a GPU. They run one after the other, so they share their memory.
   *
   * @throws IllegalArgumentException if the device is no GPU
   */
  static Recorder of(Device device) {
    var memory = GraphMemory.on(device);
    return new Recorder() {
      @Override
      public Recording record(Supplier<Tensor> work) {
        return Graph.record(memory, work);
      }

      @Override
      public void close() {
        memory.close();
      }
    };
  }
}
