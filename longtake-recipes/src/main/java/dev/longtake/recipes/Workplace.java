package dev.longtake.recipes;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.train.Prefetcher;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.LongFunction;
import java.util.stream.Collectors;

/**
 * Where and how a run is carried out: all that is not in its file.
 *
 * @param devices that share each step, at least one, all of one kind; one that is named twice works
 *     on two batches at a time, from two threads
 * @param output folder of checkpoints, event files and the finished model
 * @param threads that make training data, for all devices together, at least 1
 * @param ending what may end it early
 * @param watcher hears how it goes
 */
public record Workplace(
    List<Device> devices, Path output, int threads, Ending ending, RunWatcher watcher) {

  /** Checks the devices and the number of threads. */
  public Workplace {
    devices = List.copyOf(devices);
    if (devices.stream().map(Device::kind).distinct().count() != 1) {
      throw new IllegalArgumentException(
          "a step is shared by devices of one kind, not by " + devices);
    }
    if (threads < 1) {
      throw new IllegalArgumentException("threads must be at least 1, not " + threads);
    }
  }

  /**
   * Makes the output folder, if absent.
   *
   * @throws IllegalArgumentException if it cannot be made
   */
  void makeOutput() {
    if (Files.exists(output) && !Files.isDirectory(output)) {
      throw new IllegalArgumentException(
          "the output folder " + output + " is a file; give another --out");
    }
    try {
      Files.createDirectories(output);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "the output folder " + output + " cannot be made (" + e + "); give another --out", e);
    }
    if (!Files.isWritable(output)) {
      throw new IllegalArgumentException(
          "the output folder " + output + " cannot be written to; give another --out");
    }
  }

  /**
   * Makes a folder in the output folder, if absent.
   *
   * @throws IllegalArgumentException if it cannot be made
   */
  static Path folder(Path folder) {
    try {
      return Files.createDirectories(folder);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "the folder " + folder + " cannot be made (" + e + "); give another --out", e);
    }
  }

  /**
   * Between the parts of a long preparation, of which nothing would be kept.
   *
   * @throws CancellationException if the run was told to leave off
   */
  void goOn() {
    if (ending.interrupted().getAsBoolean()) {
      throw new CancellationException("told to leave off");
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

  /** What the devices are called, with commas between. */
  String names() {
    return devices.stream().map(Device::toString).collect(Collectors.joining(", "));
  }

  /** Threads that make training data for one device. */
  public int threadsEach() {
    return Math.max(1, threads / devices.size());
  }

  /** The type of the arithmetic: the processor always computes in FLOAT32. */
  public Dtype dtype(Dtype onGpu) {
    return first().kind() == Device.Kind.CPU ? Dtype.FLOAT32 : onGpu;
  }

  /**
   * Makes training data for one device ahead of time.
   *
   * @param most items ahead, fewer where {@link #fitting} says so
   * @param bytes of an item
   */
  <T> Prefetcher<T> prefetcher(LongFunction<T> maker, int most, long bytes) {
    int fitting = fitting(1, most, bytes);
    return new Prefetcher<>(maker, Math.min(threadsEach(), fitting), fitting);
  }

  /**
   * How many items of training data there is room for, for one device: those of all devices
   * together take at most a quarter of Java's heap, but so many as are needed there always are.
   *
   * @param least how many are needed, at most {@code most}
   * @param bytes of an item
   */
  int fitting(int least, int most, long bytes) {
    long room = Runtime.getRuntime().maxMemory() / 4 / devices.size();
    return Math.clamp(room / Math.max(1, bytes), least, most);
  }
}
