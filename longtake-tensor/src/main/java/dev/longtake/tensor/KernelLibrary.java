package dev.longtake.tensor;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.bytedeco.cuda.cudart.CUmod_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.cuda.global.nvrtc;
import org.bytedeco.cuda.nvrtc._nvrtcProgram;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.SizeTPointer;

/**
 * CUDA C++ of the caller's own, compiled for the GPU at hand when the program runs (NVRTC), which
 * takes about a second.
 *
 * <p>The source includes no header, and declares its kernels {@code extern "C" __global__}. It is
 * compiled for the GPU's own compute capability, so it may use what only that has.
 */
public final class KernelLibrary implements AutoCloseable {
  private final Device device;
  private final CUmod_st module;
  private final List<Kernel> kernels = new ArrayList<>();

  private KernelLibrary(Device device, CUmod_st module) {
    this.device = device;
    this.module = module;
  }

  /**
   * Compiles a source and loads it on a GPU.
   *
   * @param name of the source in messages, such as {@code kernels.cu}
   * @throws TensorException with the compiler's first error, if there is one
   * @throws IllegalArgumentException if the device is no GPU
   */
  public static KernelLibrary compile(String name, String source, Device device) {
    Cuda.requireGpu(device, "compiling " + name);
    try (var scope = Scope.open();
        var guard = Cuda.current(device)) {
      Tensor.zeros(Dtype.UINT8, device, 1); // makes LibTorch's context, which the kernels share
      var module = new CUmod_st();
      var image = machineCode(name, source, device.computeCapability());
      Cuda.check("loading " + name, cudart.cuModuleLoadData(module, image));
      return new KernelLibrary(device, module);
    }
  }

  /**
   * One function of the source.
   *
   * @throws TensorException if there is none of that name
   */
  public Kernel kernel(String function) {
    return kernel(function, 0);
  }

  /**
   * One function of the source that declares {@code extern __shared__} memory.
   *
   * @param sharedBytes of it, for each block
   * @throws TensorException if there is none of that name, or the GPU has not so much
   */
  public Kernel kernel(String function, int sharedBytes) {
    var kernel = Kernel.of(device, module, function, sharedBytes);
    kernels.add(kernel);
    return kernel;
  }

  private static BytePointer machineCode(String name, String source, String capability) {
    var program = new _nvrtcProgram();
    check(
        "reading " + name,
        nvrtc.nvrtcCreateProgram(
            program,
            new BytePointer(source, StandardCharsets.UTF_8),
            new BytePointer(name, StandardCharsets.UTF_8),
            0,
            (PointerPointer<?>) null,
            (PointerPointer<?>) null));
    try {
      var options =
          List.of(
              "--gpu-architecture=sm_" + architecture(capability),
              "--std=c++17",
              "--device-as-default-execution-space");
      int compiled =
          nvrtc.nvrtcCompileProgram(
              program, options.size(), new PointerPointer<>(options.toArray(String[]::new)));
      if (compiled != nvrtc.NVRTC_SUCCESS) {
        throw new TensorException(
            name + " does not compile for compute capability " + capability + ": " + log(program));
      }
      var size = new SizeTPointer(1);
      check("compiling " + name, nvrtc.nvrtcGetCUBINSize(program, size));
      var image = new BytePointer(size.get());
      check("compiling " + name, nvrtc.nvrtcGetCUBIN(program, image));
      return image;
    } finally {
      nvrtc.nvrtcDestroyProgram(program);
    }
  }

  /** With the instructions that only Hopper has: products of a warpgroup, registers handed over. */
  private static String architecture(String capability) {
    return capability.equals("9.0") ? "90a" : capability.replace(".", "");
  }

  /** The compiler's errors in one line, or all it says where it names none. */
  private static String log(_nvrtcProgram program) {
    var size = new SizeTPointer(1);
    nvrtc.nvrtcGetProgramLogSize(program, size);
    var text = new BytePointer(Math.max(1, size.get()));
    nvrtc.nvrtcGetProgramLog(program, text);
    var all = text.getString(StandardCharsets.UTF_8);
    var errors =
        all.lines().filter(line -> line.contains("error")).collect(Collectors.joining("; "));
    return errors.isEmpty() ? all.lines().collect(Collectors.joining(" ")) : errors;
  }

  private static void check(String what, int result) {
    if (result != nvrtc.NVRTC_SUCCESS) {
      throw new TensorException(what + " failed: " + nvrtc.nvrtcGetErrorString(result).getString());
    }
  }

  /** Unloads the code; its kernels cannot be launched any more. */
  @Override
  public void close() {
    kernels.forEach(Kernel::close);
    try (var guard = Cuda.current(device)) {
      Cuda.check("unloading kernels", cudart.cuModuleUnload(module));
    }
  }
}
