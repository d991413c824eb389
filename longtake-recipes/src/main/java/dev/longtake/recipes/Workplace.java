package dev.longtake.recipes;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Where and how a run is carried out: all that is not in its file.
 *
 * @param devices that share each step, at least one, all of one kind; one that is named twice works
 *     on two batches at a time, from two threads
 * @param output folder of checkpoints, event files and the finished model
 * @param threads that make training data, for all devices together, at least 1
 * @param until stop each stage before this step, for trying a run out
 * @param watcher hears how it goes
 */
public record Workplace(
    List<Device> devices, Path output, int threads, long until, RunWatcher watcher) {

  /** Checks the devices and the number of threads. */
  public Workplace {
    devices = List.copyOf(devices);
    if (devices.stream().map(Device::kind).distinct().count() != 1) {
      throw new IllegalArgumentException(
          "a step is shared by devices of one kind, not by " + devices);
    }
    if (threads < 1 || until < 1) {
      throw new IllegalArgumentException(
          "threads and until must be at least 1, not " + threads + " and " + until);
    }
  }

  /**
   * Makes the output folder, if absent.
   *
   * @throws UncheckedIOException if it cannot be made
   */
  void makeOutput() {
    try {
      Files.createDirectories(output);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make " + output, e);
    }
  }

  /** The device that holds the weights that are trained. */
  public Device first() {
    return devices.getFirst();
  }

  /** The devices that help it. */
  public List<Device> others() {
    return devices.subList(1, devices.size());
  }

  /** Threads that make training data for one device. */
  public int threadsEach() {
    return Math.max(1, threads / devices.size());
  }

  /** The type of the arithmetic: the processor always computes in FLOAT32. */
  public Dtype dtype(Dtype onGpu) {
    return first().kind() == Device.Kind.CPU ? Dtype.FLOAT32 : onGpu;
  }
}
