package dev.longtake.nn;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Kernel;
import dev.longtake.tensor.KernelLibrary;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * {@code softmax(q kᵀ / √d) v} for the many keys of a memory, by a kernel for Hopper GPUs ({@code
 * attention.cu} beside this class) that gives every multiprocessor the same share of the work. A
 * chunk of Wan 1.3B is 444 tiles of 128 queries of one head: 132 multiprocessors that take whole
 * tiles need as long as for 528.
 */
final class KeyAttention implements AutoCloseable {
  private static final String SOURCE = "attention.cu";
  private static final String HOPPER = "9.0";
  private static final int TILE = 128; // queries or keys
  private static final int HALF = 64; // channels of a row in shared memory
  private static final int WIDTH = 2 * HALF;
  private static final int TILES = 1 + 2 * 2; // queries; keys and values, two each
  private static final int SHARED_BYTES =
      TILES * TILE * WIDTH * Short.BYTES + 1024 + 128; // beginning at a multiple of 1024; barriers
  private static final int THREADS = 3 * 128;
  private static final int JOINED = 8; // queries of a block
  private static final int LEAST_KEYS = 2048; // with fewer LibTorch's attention is as fast
  private static final int MAPPED = 16; // bytes: starts and strides are multiples, for tensor maps

  private final Device device;
  private final int blocks;
  private @Nullable Kernels kernels;

  private record Kernels(KernelLibrary library, Kernel attend, Kernel joinParts) {
    static Kernels on(Device device) {
      var library = KernelLibrary.compile(SOURCE, KernelOps.source(SOURCE), device);
      try {
        return new Kernels(
            library, library.kernel("attend", SHARED_BYTES), library.kernel("join_parts"));
      } catch (RuntimeException | Error e) {
        library.close();
        throw e;
      }
    }
  }

  private KeyAttention(Device device) {
    this.device = device;
    blocks = device.multiprocessors();
  }

  /** Compiled when it is first asked to attend; null where the GPU is another. */
  static @Nullable KeyAttention on(Device device) {
    return device.computeCapability().equals(HOPPER) ? new KeyAttention(device) : null;
  }

  /** Whether it computes such attention, and sooner than LibTorch. */
  static boolean takes(
      @Axes("B L H d") Tensor q, @Axes("B K H d") Tensor k, @Axes("B K H d") Tensor v) {
    return isMapped(q)
        && isMapped(k)
        && isMapped(v)
        && Arrays.equals(k.shape(), v.shape())
        && k.size(0) == q.size(0)
        && k.size(2) == q.size(2)
        && k.size(1) >= LEAST_KEYS;
  }

  /** Whether the copy engine can read it. */
  private static boolean isMapped(Tensor x) {
    if (x.dtype() != Dtype.BFLOAT16
        || x.rank() != 4
        || x.count() == 0
        || x.size(-1) != WIDTH
        || x.stride(-1) != 1
        || !x.beginsAtMultipleOf(MAPPED)) {
      return false;
    }
    for (int axis = 0; axis < 3; axis++) {
      long bytes = x.stride(axis) * Short.BYTES;
      if (x.size(axis) > 1 && (bytes == 0 || bytes % MAPPED != 0)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Attention for inference, of what it {@link #takes}.
   *
   * @throws dev.longtake.tensor.TensorException the first time, if the kernels do not compile
   */
  @Axes("B L H d")
  Tensor attend(@Axes("B L H d") Tensor q, @Axes("B K H d") Tensor k, @Axes("B K H d") Tensor v) {
    long videos = q.size(0);
    long queries = q.size(1);
    long heads = q.size(2);
    long keys = k.size(1);
    long tiles = (queries + TILE - 1) / TILE * heads * videos;
    long left = tiles % blocks; // which blocks share
    if (kernels == null) {
      kernels = Kernels.on(device);
    }
    try (var scope = Scope.open()) {
      var out = Tensor.empty(Dtype.BFLOAT16, device, videos, queries, heads, WIDTH);
      var parts = Tensor.empty(Dtype.FLOAT32, device, 2L * blocks, TILE, WIDTH);
      var sums = Tensor.empty(Dtype.FLOAT32, device, 2L * blocks, TILE, 2);
      kernels
          .attend
          .launch(blocks, THREADS)
          .tiles(q, 1, TILE, 1, HALF)
          .tiles(k, 1, TILE, 1, HALF)
          .tiles(v, 1, TILE, 1, HALF)
          .tensor(out)
          .tensor(parts)
          .tensor(sums)
          .size(queries)
          .size(keys)
          .size(heads)
          .size(videos)
          .number(1 / (Math.sqrt(WIDTH) * Math.log(2)))
          .go();
      if (left > 0) {
        kernels
            .joinParts
            .launch(left * TILE / JOINED, JOINED * 32)
            .tensor(out)
            .tensor(parts)
            .tensor(sums)
            .size(queries)
            .size(keys)
            .size(heads)
            .size(videos)
            .size(blocks)
            .go();
      }
      return scope.keep(out);
    }
  }

  @Override
  public void close() {
    if (kernels != null) {
      kernels.library.close();
      kernels = null;
    }
  }
}
