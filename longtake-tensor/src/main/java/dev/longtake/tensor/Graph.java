package dev.longtake.tensor;

import java.util.function.Supplier;
import org.bytedeco.cuda.cudart.CUgraphExec_st;
import org.bytedeco.cuda.cudart.CUgraph_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.pytorch.global.torch_cuda;

/**
 * Work on a GPU recorded once and run again as a whole (a CUDA graph): no operator is called for a
 * replay, so nothing waits for the processor.
 *
 * <p>A replay reads and writes the very memory that the recording did. What changes between replays
 * is therefore written <em>into</em> tensors made before, and what the work itself makes lies in
 * memory that is kept for it until it is closed ({@link GraphMemory}). Recorded work may not copy
 * from or to the processor, nor wait for the device, nor draw random numbers. While {@link
 * KernelChoice#tryConvolutions} holds, its convolutions are of shapes that this thread has met
 * before: those of new ones are tried, which empties LibTorch's cache, and that is refused here.
 *
 * <p>Threads may record and replay graphs of their own, on one GPU or several: one records at a
 * time, and what the others ask of a GPU meanwhile is neither recorded nor served from the graph's
 * memory. Only what empties LibTorch's cache waits for the recording, and the recording for it:
 * {@link NativeMemory#giveBack}, and convolutions while their kernels are tried.
 *
 * <p>JavaCPP's presets leave out LibTorch's own class for this; here are the same calls: capture of
 * a side stream, with the allocator told to serve that stream from a pool of its own.
 */
public final class Graph implements Recorder.Recording {
  private static final ScopedValue<Boolean> RECORDING = ScopedValue.newInstance();

  private final GraphMemory memory;
  private final CUgraphExec_st executable;
  private final Tensor result;

  private Graph(GraphMemory memory, CUgraphExec_st executable, Tensor result) {
    this.memory = memory;
    this.executable = executable;
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
    try (var memory = GraphMemory.on(device)) {
      return record(memory, work);
    }
  }

  /**
   * The same in memory that other graphs use too.
   *
   * @throws IllegalStateException if that is closed
   */
  public static Graph record(GraphMemory memory, Supplier<Tensor> work) {
    memory.requireOpen();
    if (Cuda.RECORDING.getReadHoldCount() > 0) {
      throw new IllegalStateException(
          "this thread is at work that is kept apart from recordings; record before or after it");
    }
    var device = memory.device();
    var alone = Cuda.RECORDING.writeLock();
    alone.lock();
    try (var scope = Scope.open();
        var guard = Cuda.current(device)) {
      var usual = torch_cuda.getCurrentCUDAStream((byte) device.index());
      device.synchronize();
      torch_cuda.setCurrentCUDAStream(memory.stream());
      try {
        return recorded(memory, work);
      } finally {
        torch_cuda.setCurrentCUDAStream(usual);
      }
    } finally {
      alone.unlock();
    }
  }

  /**
   * Runs what may empty LibTorch's cache, which its allocator refuses while anything is recorded:
   * no other thread records before this is done.
   *
   * @param work records nothing itself
   */
  static <T> T apart(Supplier<T> work) {
    var together = Cuda.RECORDING.readLock();
    together.lock();
    try {
      return work.get();
    } finally {
      together.unlock();
    }
  }

  private static Graph recorded(GraphMemory memory, Supplier<Tensor> work) {
    var graph = new CUgraph_st();
    Tensor result = null;
    memory.begin();
    try {
      try (var warmUp = Scope.open()) { // handles and workspaces, made once, are not recorded
        var unused = work.get();
      }
      memory.device().synchronize();
      result = captured(memory.stream().stream(), graph, work);
    } finally {
      memory.end(result != null);
    }
    var executable = new CUgraphExec_st();
    int prepared = cudart.cudaGraphInstantiate(executable, graph, 0L);
    cudart.cudaGraphDestroy(graph);
    if (prepared != cudart.cudaSuccess) {
      result.close();
      memory.release();
      Cuda.forgetError();
    }
    Cuda.checkRuntime("preparing a graph", prepared);
    return new Graph(memory, executable, result);
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
   * @return the same tensor each time, overwritten by the next replay of this graph or of another
   *     in the same memory; this graph owns it
   */
  @Override
  public Tensor replay() {
    try (var scope = Scope.open();
        var guard = Cuda.current(memory.device())) {
      Cuda.checkRuntime(
          "replaying a graph", cudart.cudaGraphLaunch(executable, Cuda.stream(memory.device())));
      return result;
    }
  }

  /** Frees the graph, and its memory where no other has that too. */
  @Override
  public void close() {
    try (var scope = Scope.open();
        var guard = Cuda.current(memory.device())) {
      memory.device().synchronize();
      Cuda.checkRuntime("closing a graph", cudart.cudaGraphExecDestroy(executable));
      result.close();
      memory.release();
    }
  }
}
