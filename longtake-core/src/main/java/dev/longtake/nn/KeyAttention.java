package dev.longtake.nn;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Kernel;
import dev.longtake.tensor.KernelLibrary;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
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

  private final Device device;
  private final KernelLibrary library;
  private final Kernel attend;
  private final Kernel joinParts;
  private final int blocks;

  private KeyAttention(Device device) {
    this.device = device;
    library = KernelLibrary.compile(SOURCE, KernelOps.source(SOURCE), device);
    attend = library.kernel("attend", SHARED_BYTES);
    joinParts = library.kernel("join_parts");
    blocks = device.multiprocessors();
  }

  /** Null where the GPU is another. */
  static @Nullable KeyAttention on(Device device) {
    return device.computeCapability().equals(HOPPER) ? new KeyAttention(device) : null;
  }

  /** Whether it computes such attention, and sooner than LibTorch. */
  boolean takes(@Axes("B L H d") Tensor q, @Axes("B K H d") Tensor k) {
    return q.dtype() == Dtype.BFLOAT16 && q.size(-1) == WIDTH && k.size(1) >= LEAST_KEYS;
  }

  /**
   * Attention for inference.
   *
   * @param q BFLOAT16, as the others
   */
  @Axes("B L H d")
  Tensor attend(@Axes("B L H d") Tensor q, @Axes("B K H d") Tensor k, @Axes("B K H d") Tensor v) {
    long videos = q.size(0);
    long queries = q.size(1);
    long heads = q.size(2);
    long keys = k.size(1);
    long tiles = (queries + TILE - 1) / TILE * heads * videos;
    long left = tiles % blocks; // which blocks share
    try (var scope = Scope.open()) {
      var out = Tensor.empty(Dtype.BFLOAT16, device, videos, queries, heads, WIDTH);
      var parts = Tensor.empty(Dtype.FLOAT32, device, 2L * blocks, TILE, WIDTH);
      var sums = Tensor.empty(Dtype.FLOAT32, device, 2L * blocks, TILE, 2);
      attend
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
        joinParts
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
    library.close();
  }
}
