package dev.longtake.tensor;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.bytedeco.javacpp.Pointer;

/**
 * What native memory this process holds. The counts cover all threads, so they tell something about
 * one piece of code only while nothing else makes tensors.
 */
public final class NativeMemory {
  private NativeMemory() {}

  /**
   * How many native objects wait to be freed: tensors, but also the small helpers of operators. A
   * piece of code that closes its scopes leaves this number as it found it.
   */
  public static long liveHandles() {
    return Pointer.totalCount();
  }

  /**
   * How many tensors share these elements: handles, views, and what a graph keeps for its backward
   * pass.
   */
  public static long sharers(Tensor tensor) {
    try (var scope = Scope.open()) {
      return tensor.handle.storage().use_count();
    }
  }

  /** Resident memory of the whole process in bytes, as the system counts it. */
  public static long residentBytes() {
    return Pointer.physicalBytes();
  }

  /**
   * The most memory this process ever had resident, in bytes; empty where the system does not tell
   * (only Linux does).
   */
  public static OptionalLong peakResidentBytes() {
    return kilobytes("/proc/self/status", "VmHWM:");
  }

  /**
   * The most bytes that tensors on that GPU took since {@link #resetPeak}; empty for the processor.
   */
  public static OptionalLong peakBytes(Device device) {
    return device.kind() == Device.Kind.CUDA
        ? OptionalLong.of(Cuda.allocator().getDeviceStats(index(device)).allocated_bytes().peak())
        : OptionalLong.empty();
  }

  /**
   * How many bytes of that GPU LibTorch holds now, for tensors and for those to come; empty for the
   * processor.
   */
  public static OptionalLong reservedBytes(Device device) {
    return device.kind() == Device.Kind.CUDA
        ? OptionalLong.of(Cuda.allocator().getDeviceStats(index(device)).reserved_bytes().current())
        : OptionalLong.empty();
  }

  /**
   * Gives back what LibTorch holds for tensors to come, of this GPU and of all others; nothing on
   * the processor.
   *
   * @param device whose work is waited for
   */
  public static void giveBack(Device device) {
    if (device.kind() == Device.Kind.CUDA) {
      device.synchronize();
      var together = Cuda.RECORDING.readLock();
      together.lock();
      try {
        Cuda.allocator().emptyCache();
      } finally {
        together.unlock();
      }
    }
  }

  /**
   * How many bytes could still be taken: of a GPU's memory what is free, of the processor's what
   * the system can give without swapping; empty where the system does not tell (only Linux does).
   */
  public static OptionalLong availableBytes(Device device) {
    if (device.kind() == Device.Kind.CUDA) {
      try (var free = Cuda.allocator().getMemoryInfo(index(device))) { // and the total
        return OptionalLong.of(free.first());
      }
    }
    return kilobytes("/proc/meminfo", "MemAvailable:");
  }

  /** A line of one of Linux's tables of memory. */
  private static OptionalLong kilobytes(String table, String name) {
    try (var lines = Files.lines(Path.of(table))) {
      return lines
          .filter(line -> line.startsWith(name))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
          .findFirst();
    } catch (IOException | UncheckedIOException e) {
      return OptionalLong.empty();
    }
  }

  /** Lets {@link #peakBytes} begin anew with what is allocated now. */
  public static void resetPeak(Device device) {
    if (device.kind() == Device.Kind.CUDA) {
      Cuda.allocator().resetPeakStats(index(device));
    }
  }

  private static byte index(Device device) {
    return (byte) device.index();
  }
}
