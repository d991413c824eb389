package dev.longtake.tensor;

import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.cuda.CUDAStream;
import org.bytedeco.pytorch.cuda.DeviceAssertionsDataVectorCUDAKernelLaunchInfoVectorPair;
import org.bytedeco.pytorch.cuda.StreamFilter;
import org.bytedeco.pytorch.global.torch_cuda;
import org.jspecify.annotations.Nullable;

/**
 * Memory of graphs that never run at the same time: what one makes on its way lies where another's
 * did, so that many take no more than the largest. So may what a graph ends in: it is read, or
 * copied, before another graph is replayed.
 *
 * <p>Graphs that share it are recorded and replayed by one thread, on one stream. It lives until it
 * is closed and so is the last of its graphs.
 */
public final class GraphMemory implements AutoCloseable {
  /** Names pools: LibTorch remembers a released one for as long as the process lives. */
  private static final AtomicLong NAMES = new AtomicLong();

  /** LibTorch counts its own pools from one. */
  private static final long FIRST_NAME = 1L << 32;

  private final Device device;
  private final CUDAStream stream;
  private final LongPointer name;
  private int graphs;
  private boolean closed;

  private GraphMemory(Device device) {
    this.device = device;
    try (var scope = Scope.open()) {
      // Of the urgent ones: a WorkStream of another thread never has the same, or it would be
      // recorded. Memory that was freed on one stream serves no other: all are recorded on this.
      stream = torch_cuda.getStreamFromPool(true, index());
      stream.retainReference();
      name = new LongPointer(0L, 0L);
      name.retainReference();
    }
  }

  /**
   * Empty.
   *
   * @throws IllegalArgumentException if the device is no GPU
   */
  public static GraphMemory on(Device device) {
    Cuda.requireGpu(device, "recording a graph");
    return new GraphMemory(device);
  }

  Device device() {
    return device;
  }

  /** On which its graphs are recorded. */
  CUDAStream stream() {
    return stream;
  }

  void requireOpen() {
    if (closed) {
      throw new IllegalStateException("this memory is closed; record with another");
    }
  }

  /**
   * From now on tensors made on its stream lie here. What is held of all GPUs for tensors to come
   * is given back first: much of it was for work that will be replayed, and while a thread records
   * LibTorch would not give it back where memory runs out.
   */
  void begin() {
    Cuda.allocator().emptyCache();
    if (graphs == 0) {
      name.put(0, FIRST_NAME + NAMES.getAndIncrement());
    }
    Cuda.allocator().beginAllocateToPool(index(), id(), new Only(stream.stream()));
  }

  /** No more. */
  void end(boolean recorded) {
    Cuda.allocator().endAllocateToPool(index(), id());
    if (recorded) {
      graphs++;
    } else {
      Cuda.allocator().releasePool(index(), id());
    }
  }

  /** A graph is closed. */
  void release() {
    Cuda.allocator().releasePool(index(), id());
    graphs--;
    free();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      free();
    }
  }

  private void free() {
    if (closed && graphs == 0) {
      stream.releaseReference();
      name.releaseReference();
    }
  }

  private byte index() {
    return (byte) device.index();
  }

  /** Two numbers that name a pool; the presets know the pair under the name of another. */
  private DeviceAssertionsDataVectorCUDAKernelLaunchInfoVectorPair id() {
    return new DeviceAssertionsDataVectorCUDAKernelLaunchInfoVectorPair(name);
  }

  /**
   * Whether the pool of a recording on a stream serves who asks on another: any thread that needs
   * memory of that GPU meanwhile, also on the usual stream, which has no address and is null here.
   */
  static boolean serves(long stream, @Nullable Pointer asked) {
    return asked != null && asked.address() == stream;
  }

  /** Lets the pool serve one stream only. Called by LibTorch on whatever thread asks. */
  private static final class Only extends StreamFilter {
    private final long stream;

    Only(Pointer stream) {
      this.stream = stream.address();
    }

    @Override
    public boolean call(@Nullable Pointer asked) {
      return serves(stream, asked);
    }
  }
}
