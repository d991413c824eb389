package dev.longtake.tensor;

import java.util.Arrays;
import org.bytedeco.pytorch.cuda.CUDAEvent;

/** Times work on a device, which goes on after the call that asked for it has returned. */
public final class Stopwatch {
  private static final int TIMED = 0; // flags of an event that takes the time

  private final Device device;

  private Stopwatch(Device device) {
    this.device = device;
  }

  /** For work on that device. */
  public static Stopwatch on(Device device) {
    return new Stopwatch(device);
  }

  /**
   * The median time of several runs in milliseconds: on a GPU by its own events, from the first
   * operator's start to the last one's end.
   *
   * @param warmUps runs before, which do not count, from 0
   * @param runs at least 1
   */
  public double median(int warmUps, int runs, Runnable work) {
    if (warmUps < 0 || runs < 1) {
      throw new IllegalArgumentException(
          "warmUps must be at least 0 and runs at least 1, not " + warmUps + " and " + runs);
    }
    for (int i = 0; i < warmUps; i++) {
      run(work);
    }
    device.synchronize();
    double[] times = new double[runs];
    for (int i = 0; i < runs; i++) {
      times[i] = device.kind() == Device.Kind.CUDA ? onGpu(work) : onProcessor(work);
    }
    Arrays.sort(times);
    return (times[(runs - 1) / 2] + times[runs / 2]) / 2;
  }

  private double onGpu(Runnable work) {
    try (var scope = Scope.open();
        var guard = Cuda.current(device)) { // an event is one of the current GPU
      var begin = new CUDAEvent(TIMED);
      var end = new CUDAEvent(TIMED);
      begin.record();
      run(work);
      end.record();
      end.synchronize();
      return begin.elapsed_time(end);
    }
  }

  private static double onProcessor(Runnable work) {
    long begun = System.nanoTime();
    run(work);
    return (System.nanoTime() - begun) / 1e6;
  }

  private static void run(Runnable work) {
    try (var scope = Scope.open()) {
      work.run();
    }
  }
}
