package dev.longtake.tensor;

import org.bytedeco.cuda.cudart.CUfunc_st;
import org.bytedeco.cuda.cudart.CUmod_st;
import org.bytedeco.cuda.cudart.CUtensorMap;
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
  private static final int MOST_MAPS = 4;
  private static final int MAP = 128; // bytes of a tensor map, which begins at a multiple of 64
  private static final int STRIDE = 16; // what a map's strides in bytes are multiples of

  private final String name;
  private final Device device;
  private final CUfunc_st function;
  private final int sharedBytes;
  private final BytePointer arguments; // CUDA copies them at the launch, so one place serves all
  private final BytePointer maps; // as arguments
  private final PointerPointer<BytePointer> places;

  private Kernel(
      String name,
      Device device,
      CUfunc_st function,
      int sharedBytes,
      BytePointer arguments,
      BytePointer maps,
      PointerPointer<BytePointer> places) {
    this.name = name;
    this.device = device;
    this.function = function;
    this.sharedBytes = sharedBytes;
    this.arguments = arguments;
    this.maps = maps;
    this.places = places;
  }

  static Kernel of(Device device, CUmod_st module, String name, int sharedBytes) {
    try (var scope = Scope.open();
        var guard = Cuda.current(device)) {
      var found = new CUfunc_st();
      Cuda.check("finding kernel " + name, cudart.cuModuleGetFunction(found, module, name));
      Cuda.check(
          "reserving shared memory for kernel " + name,
          cudart.cuFuncSetAttribute(
              found, cudart.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, sharedBytes));
      var arguments = new BytePointer((long) MOST_ARGUMENTS * ARGUMENT);
      var places = new PointerPointer<BytePointer>(MOST_ARGUMENTS);
      for (int i = 0; i < MOST_ARGUMENTS; i++) {
        places.put(i, arguments.getPointer((long) i * ARGUMENT));
      }
      var maps = new BytePointer((long) MOST_MAPS * MAP + MAP);
      arguments.retainReference(); // until the library is closed
      maps.retainReference();
      places.retainReference();
      return new Kernel(name, device, found, sharedBytes, arguments, maps, places);
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
    private int givenMaps;

    private Launch(int blocks, int threads) {
      this.blocks = blocks;
      this.threads = threads;
    }

    /** Where a tensor's first element is; a null pointer if there is none. */
    public Launch tensor(@Nullable Tensor tensor) {
      if (tensor != null) {
        requireHere(tensor);
      }
      return count(tensor == null ? 0 : tensor.handle.data_ptr().address());
    }

    /**
     * A tensor map ({@code const __grid_constant__}, 128 bytes) by which the copy engine of compute
     * capability 9.0 reads boxes of a BFLOAT16 tensor into shared memory, rows of 128 bytes
     * swizzled; what lies outside of the tensor is read as zeros.
     *
     * @param x its last axis without gaps; a multiple of 16 bytes from one element of any other
     *     axis to the next, and where it begins; how far apart those of an axis of size 1 would be
     *     does not matter
     * @param box elements along each axis, at most 256 each, 64 along the last
     */
    public Launch tiles(Tensor x, int... box) {
      requireHere(x);
      if (givenMaps == MOST_MAPS) {
        throw new IllegalArgumentException(name + " is given more than " + MOST_MAPS + " maps");
      }
      int rank = x.rank();
      if (x.dtype() != Dtype.BFLOAT16 || x.stride(-1) != 1 || box.length != rank) {
        throw new IllegalArgumentException(name + " cannot read tiles of " + x);
      }
      long[] sizes = new long[rank];
      long[] strides = new long[rank - 1];
      int[] boxes = new int[rank];
      int[] steps = new int[rank];
      for (int i = 0; i < rank; i++) { // CUDA counts axes from the last
        sizes[i] = x.size(rank - 1 - i);
        boxes[i] = box[rank - 1 - i];
        steps[i] = 1;
        if (i > 0) {
          long inner = i == 1 ? Short.BYTES : strides[i - 2];
          strides[i - 1] =
              sizes[i] == 1
                  ? Math.ceilDiv(inner * sizes[i - 1], STRIDE) * STRIDE // of no meaning, but legal
                  : x.stride(rank - 1 - i) * Short.BYTES;
        }
      }
      try (var scope = Scope.open()) {
        long aligned = (MAP / 2 - maps.address() % (MAP / 2)) % (MAP / 2);
        var at = maps.getPointer(aligned + (long) givenMaps++ * MAP);
        Cuda.check(
            name + " reading tiles of " + x,
            cudart.cuTensorMapEncodeTiled(
                new CUtensorMap(at),
                cudart.CU_TENSOR_MAP_DATA_TYPE_BFLOAT16,
                rank,
                x.handle.data_ptr(),
                sizes,
                strides,
                boxes,
                steps,
                cudart.CU_TENSOR_MAP_INTERLEAVE_NONE,
                cudart.CU_TENSOR_MAP_SWIZZLE_128B,
                cudart.CU_TENSOR_MAP_L2_PROMOTION_L2_128B,
                cudart.CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE));
        places.put(next(), at);
      }
      return this;
    }

    /** A {@code long long}. */
    public Launch count(long number) {
      arguments.putLong(place(), number);
      return this;
    }

    /** An {@code int}. */
    public Launch size(long number) {
      arguments.putInt(place(), Math.toIntExact(number));
      return this;
    }

    /** A {@code float}. */
    public Launch number(double number) {
      arguments.putFloat(place(), (float) number);
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
                sharedBytes,
                Cuda.stream(device),
                places,
                (PointerPointer<?>) null));
      }
    }

    private void requireHere(Tensor tensor) {
      if (!tensor.handle.is_cuda() || tensor.handle.device().index() != device.index()) {
        throw new IllegalArgumentException(
            name + " runs on " + device + ", but argument " + given + " is " + tensor);
      }
    }

    private long place() {
      return (long) next() * ARGUMENT;
    }

    private int next() {
      if (given == MOST_ARGUMENTS) {
        throw new IllegalArgumentException(
            name + " is given more than " + MOST_ARGUMENTS + " arguments");
      }
      return given++;
    }
  }

  void close() {
    arguments.close();
    maps.close();
    places.close();
  }

  @Override
  public String toString() {
    return "Kernel " + name + " on " + device;
  }
}
