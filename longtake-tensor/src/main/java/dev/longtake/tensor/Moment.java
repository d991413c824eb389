package dev.longtake.tensor;

import org.bytedeco.pytorch.cuda.CUDAEvent;
import org.bytedeco.pytorch.global.torch_cuda;
import org.jspecify.annotations.Nullable;

/**
 * A point in the work that one thread has asked of a device, for another thread's {@link
 * WorkStream} to wait for. On a processor everything asked for is done, and nothing waits.
 */
public final class Moment implements AutoCloseable {
  private final Device device;
  private final @Nullable CUDAEvent event;

  private Moment(Device device) {
    this.device = device;
    if (device.kind() == Device.Kind.CUDA) {
      try (var scope = Scope.open()) {
        event = new CUDAEvent();
        event.retainReference();
        event.record(torch_cuda.getCurrentCUDAStream((byte) device.index()));
      }
    } else {
      event = null;
    }
  }

  /** When everything that this thread has asked of the device so far is done. */
  public static Moment of(Device device) {
    return new Moment(device);
  }

  /** What this thread asks of the device from now on is done after that; the thread goes on. */
  public void await() {
    if (event != null) {
      try (var scope = Scope.open()) {
        event.block(torch_cuda.getCurrentCUDAStream((byte) device.index()));
      }
    }
  }

  @Override
  public void close() {
    if (event != null) {
      event.releaseReference();
    }
  }
}
