package dev.longtake.tensor;

import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.pytorch.cuda.CUDAAllocator;
import org.bytedeco.pytorch.cuda.CUDAGuard;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch_cuda;
import org.jspecify.annotations.Nullable;

/** What this package's own work on a GPU has in common: checked calls, LibTorch's stream. */
final class Cuda {
  /**
   * Written by the one thread that records a {@link Graph}, read by those that empty LibTorch's
   * cache: its allocator refuses that, on every GPU, while any thread records.
   */
  static final ReentrantReadWriteLock RECORDING = new ReentrantReadWriteLock();

  private Cuda() {}

  /**
   * Loads LibTorch's and CUDA's natives where there is a GPU, before there are threads that might
   * load them at the same time: JavaCPP initialises classes while it loads, and loads while classes
   * are initialised.
   */
  static void load() {
    var unused = Natives.LOADED;
  }

  /** Initialised once. */
  private static final class Natives {
    static final boolean LOADED = loaded();

    private static boolean loaded() {
      boolean present = Device.cudaDevices() > 0;
      if (present) {
        Loader.load(torch_cuda.class);
        Loader.load(cudart.class);
      }
      return present;
    }
  }

  /** Turns an error of CUDA's driver into an exception. */
  static void check(String what, int result) {
    if (result != cudart.CUDA_SUCCESS) {
      try (var text = new PointerPointer<>(1)) {
        cudart.cuGetErrorString(result, text);
        var name = text.getString(0);
        throw new TensorException(what + " failed with CUDA error " + result + ": " + name);
      }
    }
  }

  /** Turns an error of CUDA's runtime into an exception. */
  static void checkRuntime(String what, int result) {
    if (result != cudart.cudaSuccess) {
      throw new TensorException(
          what
              + " failed with CUDA error "
              + result
              + ": "
              + cudart.cudaGetErrorString(result).getString());
    }
  }

  /**
   * Takes back the runtime's memory of this thread's latest error, once it has been dealt with:
   * LibTorch asks for it after every launch, and would blame the next operator.
   */
  static void forgetError() {
    cudart.cudaGetLastError();
  }

  /** The stream that LibTorch's operators on that GPU go to now; the inner scope frees it. */
  static CUstream_st stream(Device device) {
    return torch_cuda.getCurrentCUDAStream((byte) device.index()).stream();
  }

  /** LibTorch's of the GPUs: it knows of none before the first tensor, unless it is asked to. */
  static CUDAAllocator allocator() {
    torch.globalContext().lazyInitDevice(torch.DeviceType.CUDA);
    return torch_cuda.getAllocator();
  }

  /** Makes a GPU the current one until closed; absent where it is already. */
  static @Nullable CUDAGuard current(Device device) {
    return torch_cuda.current_device() == device.index()
        ? null
        : new CUDAGuard((byte) device.index());
  }

  /** Refuses a device that is no GPU. */
  static void requireGpu(Device device, String what) {
    if (device.kind() != Device.Kind.CUDA) {
      throw new IllegalArgumentException(what + " needs a CUDA GPU, and " + device + " is none");
    }
  }
}
