package dev.longtake.tensor;

import java.util.Locale;
import java.util.Optional;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch_cuda;

/**
 * Where a tensor lives.
 *
 * @param kind processor or CUDA GPU
 * @param index which GPU, from 0; always 0 for the processor
 */
public record Device(Kind kind, int index) {
  /** The processor. */
  public static final Device CPU = new Device(Kind.CPU, 0);

  /** The kinds of device in use. */
  public enum Kind {
    CPU,
    CUDA
  }

  /**
   * Checks the index.
   *
   * @throws IllegalArgumentException if the index is negative, or not 0 on the processor
   */
  public Device {
    if (index < 0 || index > 127 || (kind == Kind.CPU && index != 0)) {
      throw new IllegalArgumentException("no device " + kind + ":" + index);
    }
  }

  /** A CUDA GPU by index, from 0; it need not be there. */
  public static Device cuda(int index) {
    Cuda.load();
    return new Device(Kind.CUDA, index);
  }

  /**
   * Reads {@code cpu}, {@code cuda}, {@code cuda:N} or {@code auto} (a GPU if there is one).
   *
   * @throws IllegalArgumentException if the text is none of these, or the GPU is not there
   */
  public static Device parse(String text) {
    var name = text.toLowerCase(Locale.ROOT);
    if (name.equals("auto")) {
      return cudaDevices() > 0 ? parse("cuda") : CPU;
    }
    if (name.equals("cpu")) {
      return CPU;
    }
    if (!name.matches("cuda(:\\d{1,2})?")) {
      throw new IllegalArgumentException(
          "unknown device '" + text + "': give cpu, cuda, cuda:N or auto");
    }
    int index = name.equals("cuda") ? 0 : Integer.parseInt(name.substring(5));
    int present = cudaDevices();
    if (index >= present) {
      throw new IllegalArgumentException(
          "device '"
              + text
              + "' is not available: "
              + present
              + " CUDA GPUs found; use --device cpu, or build with -Pcuda on a machine with a GPU");
    }
    return cuda(index);
  }

  /** How many CUDA GPUs LibTorch can use; 0 without CUDA natives. */
  public static int cudaDevices() {
    return torch.cuda_is_available() ? torch.cuda_device_count() : 0;
  }

  /**
   * Waits until everything that this thread has asked of this device is done, but not for what
   * others have asked on a {@link WorkStream} of theirs; returns at once on the processor.
   */
  public void synchronize() {
    if (kind == Kind.CUDA) {
      try (var scope = Scope.open()) {
        torch_cuda.getCurrentCUDAStream((byte) index).synchronize();
      }
    }
  }

  /** Which natives were loaded, such as {@code linux-x86_64-gpu}. */
  public static String natives() {
    return Loader.getPlatform() + System.getProperty("org.bytedeco.javacpp.platform.extension", "");
  }

  /** The CUDA runtime LibTorch uses, such as {@code 13.0}; empty without a GPU. */
  public static Optional<String> cudaVersion() {
    if (cudaDevices() == 0) {
      return Optional.empty();
    }
    long version = torch.getCUDAHooks().versionCUDART(); // 1000 major + 10 minor
    return Optional.of(version / 1000 + "." + version % 1000 / 10);
  }

  /** The cuDNN that was loaded, such as {@code 9.19.0}; empty without a GPU. */
  public static Optional<String> cudnnVersion() {
    if (cudaDevices() == 0) {
      return Optional.empty();
    }
    long version = torch.getCUDAHooks().versionRuntimeCuDNN(); // of 9: 10000 major + 100 minor
    return Optional.of(version / 10_000 + "." + version % 10_000 / 100 + "." + version % 100);
  }

  /**
   * What a GPU can do, as NVIDIA counts it: {@code 9.0} is Hopper.
   *
   * @throws IllegalArgumentException if this is no GPU
   */
  public String computeCapability() {
    int major = asked("a compute capability", cudart.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
    int minor = asked("a compute capability", cudart.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
    return major + "." + minor;
  }

  /**
   * How many multiprocessors a GPU has.
   *
   * @throws IllegalArgumentException if this is no GPU
   */
  public int multiprocessors() {
    return asked("a number of multiprocessors", cudart.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
  }

  private int asked(String what, int attribute) {
    Cuda.requireGpu(this, what);
    Cuda.check("starting CUDA", cudart.cuInit(0)); // once or more, as LibTorch does
    int[] out = new int[1];
    Cuda.check("asking for " + what, cudart.cuDeviceGetAttribute(out, attribute, index));
    return out[0];
  }

  org.bytedeco.pytorch.Device handle() {
    return new org.bytedeco.pytorch.Device(
        kind == Kind.CPU ? torch.DeviceType.CPU : torch.DeviceType.CUDA, (byte) index);
  }

  static Device of(org.bytedeco.pytorch.Device handle) {
    return handle.is_cuda() ? new Device(Kind.CUDA, Math.max(0, handle.index())) : CPU;
  }

  @Override
  public String toString() {
    return kind == Kind.CPU ? "cpu" : "cuda:" + index;
  }
}
