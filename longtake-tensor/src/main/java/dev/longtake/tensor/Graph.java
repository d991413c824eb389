package dev.longtake.tensor;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.bytedeco.cuda.cudart.CUgraphExec_st;
import org.bytedeco.cuda.cudart.CUgraph_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.cuda.CUDAStream;
import org.bytedeco.pytorch.cuda.DeviceAssertionsDataVectorCUDAKernelLaunchInfoVectorPair;
import org.bytedeco.pytorch.cuda.StreamFilter;
import org.bytedeco.pytorch.global.torch_cuda;
import org.jspecify.annotations.Nullable;

/**
 * Work on a GPU recorded once and run again as a whole (a CUDA graph): no operator is called for a
 * replay, so nothing waits for the processor.
 *
 * <p>A replay reads and writes the very memory that the recording did. What changes between replays
 * is therefore written <em>into</em> tensors made before, and what the work itself makes lies in
 * memory that this graph keeps for itself until it is closed. Recorded work may not copy from or to
 * the processor, nor wait for the device, nor draw random numbers.
 *
 * <p>Threads may record and replay graphs of their own, on one GPU or several: one records at a
 * time, and what the others ask of a GPU meanwhile is neither recorded nor served from the graph's
 * memory. Only work that may empty LibTorch's cache has to be kept {@link #apart}.
 *
 * <p>JavaCPP's presets leave out LibTorch's own class for this; here are the same calls: capture of
 * a side stream, with the allocator told to serve that stream from a pool of its own.
 */
public final class Graph implements AutoCloseable {
  private static final ScopedValue<Boolean> RECORDING = ScopedValue.newInstance();

  /** Names pools: LibTorch remembers a released one for as long as the process lives. */
  private static final AtomicLong POOLS = new AtomicLong();

  /** LibTorch counts its own pools from one. */
  private static final long FIRST_POOL = 1L << 32;

  private final Device device;
  private final CUgraphExec_st executable;
  private final LongPointer pool;
  private final Tensor result;

  private Graph(Device device, CUgraphExec_st executable, LongPointer pool, Tensor result) {
    this.device = device;
    this.executable = executable;
    this.pool = pool;
    this.result = result;
  }

  /**
   * Runs the work twice, the second time recording it.
   *
   * @param work ends in the tensor it is for
   * @throws IllegalArgumentException if the device is no GPU
   * @throws TensorException if the work does what cannot be recorded
   */
  public static Graph record(Device device, Supplier<Tensor> work) {
    Cuda.requireGpu(device, "recording a graph");
    var alone = Cuda.RECORDING.writeLock();
    alone.lock();
    try (var scope = Scope.open();
        var guard = Cuda.current(device)) {
      var usual = torch_cuda.getCurrentCUDAStream((byte) device.index());
      // Of the urgent ones: a WorkStream of another thread never has the same, or it would be
      // recorded.
      var side = torch_cuda.getStreamFromPool(true, (byte) device.index());
      device.synchronize();
      torch_cuda.setCurrentCUDAStream(side);
      try {
        try (var warmUp = Scope.open()) { // handles and workspaces are made outside the recording
          var unused = work.get();
        }
        device.synchronize();
        return recorded(device, side, work);
      } finally {
        torch_cuda.setCurrentCUDAStream(usual);
      }
    } finally {
      alone.unlock();
    }
  }

  /**
   * Runs what may empty LibTorch's cache, which its allocator refuses while anything is recorded:
   * no thread records before this is done. Such are {@link NativeMemory#giveBack} and convolutions
   * whose kernels are tried for the first time ({@link KernelChoice}).
   *
   * @param work records nothing itself
   */
  public static <T> T apart(Supplier<T> work) {
    var together = Cuda.RECORDING.readLock();
    together.lock();
    try {
      return work.get();
    } finally {
      together.unlock();
    }
  }

  private static Graph recorded(Device device, CUDAStream side, Supplier<Tensor> work) {
    var stream = side.stream();
    var pool = new LongPointer(0L, 0L);
    pool.put(0, FIRST_POOL + POOLS.getAndIncrement());
    var graph = new CUgraph_st();
    var allocator = torch_cuda.getAllocator();
    allocator.beginAllocateToPool((byte) device.index(), id(pool), new Only(stream));
    Tensor result = null;
    try {
      result = captured(stream, graph, work);
    } finally {
      allocator.endAllocateToPool((byte) device.index(), id(pool));
      if (result == null) {
        allocator.releasePool((byte) device.index(), id(pool));
      }
    }
    var executable = new CUgraphExec_st();
    Cuda.checkRuntime("preparing a graph", cudart.cudaGraphInstantiate(executable, graph, 0L));
    Cuda.checkRuntime("preparing a graph", cudart.cudaGraphDestroy(graph));
    pool.retainReference();
    return new Graph(device, executable, pool, result);
  }

  /** Runs the work with its stream in capture, and ends that whatever happens. */
  private static Tensor captured(CUstream_st stream, CUgraph_st graph, Supplier<Tensor> work) {
    Cuda.checkRuntime(
        "recording a graph",
        cudart.cudaStreamBeginCapture(stream, cudart.cudaStreamCaptureModeThreadLocal));
    Tensor result;
    try (var scope = Scope.open()) {
      // It may be a tensor of the caller's own.
      result = ScopedValue.where(RECORDING, true).call(() -> Scope.escape(work.get().alias()));
    } catch (RuntimeException | Error e) {
      cudart.cudaStreamEndCapture(stream, graph); // reports what was thrown already
      Cuda.forgetError();
      throw e;
    }
    int ended = cudart.cudaStreamEndCapture(stream, graph);
    if (ended != cudart.cudaSuccess) {
      result.close();
      Cuda.forgetError();
    }
    Cuda.checkRuntime("recording a graph", ended);
    return result;
  }

  /**
   * Whether this thread is recording. A copy from the processor must then wait for the device,
   * which ends the recording with an error: a replay would read the processor's memory anew,
   * whatever stands there by then.
   */
  static boolean recording() {
    return RECORDING.isBound();
  }

  /**
   * Queues the work again.
   *
   * @return the same tensor each time, overwritten by the next replay; this graph owns it
   */
  public Tensor replay() {
    try (var scope = Scope.open();
        var guard = Cuda.current(device)) {
      Cuda.checkRuntime(
          "replaying a graph", cudart.cudaGraphLaunch(executable, Cuda.stream(device)));
      return result;
    }
  }

  /** Frees the graph and all memory of its own. */
  @Override
  public void close() {
    try (var scope = Scope.open();
        var guard = Cuda.current(device)) {
      device.synchronize();
      Cuda.checkRuntime("closing a graph", cudart.cudaGraphExecDestroy(executable));
      result.close();
      torch_cuda.getAllocator().releasePool((byte) device.index(), id(pool));
      pool.close();
    }
  }

  /** Two numbers that name a pool; the presets know the pair under the name of another. */
  private static DeviceAssertionsDataVectorCUDAKernelLaunchInfoVectorPair id(LongPointer pool) {
    return new DeviceAssertionsDataVectorCUDAKernelLaunchInfoVectorPair(pool);
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

    Only(CUstream_st stream) {
      this.stream = stream.address();
    }

    @Override
    public boolean call(@Nullable Pointer asked) {
      return serves(stream, asked);
    }
  }
}
