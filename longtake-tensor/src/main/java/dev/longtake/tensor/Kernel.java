package dev.longtake.tensor;

import org.bytedeco.cuda.cudart.CUfunc_st;
import org.bytedeco.cuda.cudart.CUmod_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;
import org.jspecify.annotations.Nullable;

/**
 * A function that runs on a GPU, launched in LibTorch's own order: after the operators called
 * before it, before those called after it.
 *
 * <p>A launch names the arguments in the source's order and checks nothing about them: who wraps a
 * kernel checks shapes and types. Tensors are given by address, so views may start anywhere.
 *
 * <pre>{@code
 * kernel.launch(rows, 192).tensor(x).tensor(out).count(x.stride(0)).number(1e-6f).go();
 * }</pre>
 */
public final class Kernel {
  private static final int MOST_ARGUMENTS = 24;
  private static final int ARGUMENT = 8; // bytes kept for each, whatever its size

  private final String name;
  private final Device device;
  private final CUfunc_st function;
  private final BytePointer arguments; // CUDA copies them at the launch, so one place serves all
  private final PointerPointer<BytePointer> places;

  private Kernel(
      String name,
      Device device,
      CUfunc_st function,
      BytePointer arguments,
      PointerPointer<BytePointer> places) {
    this.name = name;
    this.device = device;
    this.function = function;
    this.arguments = arguments;
    this.places = places;
  }

  static Kernel of(Device device, CUmod_st module, String name) {
    try (var scope = Scope.open();
        var guard = Cuda.current(device)) {
      var found = new CUfunc_st();
      Cuda.check("finding kernel " + name, cudart.cuModuleGetFunction(found, module, name));
      var arguments = new BytePointer((long) MOST_ARGUMENTS * ARGUMENT);
      var places = new PointerPointer<BytePointer>(MOST_ARGUMENTS);
      for (int i = 0; i < MOST_ARGUMENTS; i++) {
        places.put(i, arguments.getPointer((long) i * ARGUMENT));
      }
      arguments.retainReference(); // until the library is closed
      places.retainReference();
      return new Kernel(name, device, found, arguments, places);
    }
  }

  /**
   * Begins a launch.
   *
   * @param blocks how many blocks, at least 1
   * @param threads of each block, 1 to 1024
   */
  public Launch launch(long blocks, int threads) {
    if (blocks < 1 || blocks > Integer.MAX_VALUE || threads < 1 || threads > 1024) {
      throw new IllegalArgumentException(
          name + " cannot run in " + blocks + " blocks of " + threads + " threads");
    }
    return new Launch((int) blocks, threads);
  }

  /** The arguments of one launch, in order. */
  public final class Launch {
    private final int blocks;
    private final int threads;
    private int given;

    private Launch(int blocks, int threads) {
      this.blocks = blocks;
      this.threads = threads;
    }

    /** Where a tensor's first element is; a null pointer if there is none. */
    public Launch tensor(@Nullable Tensor tensor) {
      if (tensor != null
          && !(tensor.handle.is_cuda() && tensor.handle.device().index() == device.index())) {
        throw new IllegalArgumentException(
            name + " runs on " + device + ", but argument " + given + " is " + tensor);
      }
      return count(tensor == null ? 0 : tensor.handle.data_ptr().address());
    }

    /** A {@code long long}. */
    public Launch count(long number) {
      arguments.putLong(next(), number);
      return this;
    }

    /** An {@code int}. */
    public Launch size(long number) {
      arguments.putInt(next(), Math.toIntExact(number));
      return this;
    }

    /** A {@code float}. */
    public Launch number(double number) {
      arguments.putFloat(next(), (float) number);
      return this;
    }

    /** Queues the kernel; returns before it has run. */
    public void go() {
      try (var scope = Scope.open();
          var guard = Cuda.current(device)) {
        Cuda.check(
            name,
            cudart.cuLaunchKernel(
                function,
                blocks,
                1,
                1,
                threads,
                1,
                1,
                0,
                Cuda.stream(device),
                places,
                (PointerPointer<?>) null));
      }
    }

    private long next() {
      return (long) given++ * ARGUMENT;
    }
  }

  void close() {
    arguments.close();
    places.close();
  }

  @Override
  public String toString() {
    return "Kernel " + name + " on " + device;
  }
}
