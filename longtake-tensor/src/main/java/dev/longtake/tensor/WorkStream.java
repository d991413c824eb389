package dev.longtake.tensor;

import org.bytedeco.pytorch.cuda.CUDAStreamGuard;
import org.bytedeco.pytorch.global.torch_cuda;
import org.jspecify.annotations.Nullable;

/**
 * A GPU's second pair of hands: until it is closed, what this thread asks of the device is queued
 * on a stream of its own, and other threads' work there need not wait for it. A processor has
 * nothing of the kind, and nothing happens.
 *
 * <p>Streams know nothing of each other. Whoever hands a tensor to another thread's stream marks a
 * {@link Moment} for it, and frees the tensor only when that stream is done with it, since its
 * memory goes back to the stream that asked for it. Opened and closed by the same thread.
 */
public final class WorkStream implements AutoCloseable {
  private final @Nullable CUDAStreamGuard guard;

  private WorkStream(Device device) {
    if (device.kind() == Device.Kind.CUDA) {
      try (var scope = Scope.open()) {
        var stream = torch_cuda.getStreamFromPool(false, (byte) device.index());
        guard = new CUDAStreamGuard(stream.unwrap());
        guard.retainReference();
      }
    } else {
      guard = null;
    }
  }

  /** Begins a stream of this thread's own on that device. */
  public static WorkStream open(Device device) {
    return new WorkStream(device);
  }

  /** Goes back to the stream that was this thread's before. */
  @Override
  public void close() {
    if (guard != null) {
      guard.releaseReference();
    }
  }
}
