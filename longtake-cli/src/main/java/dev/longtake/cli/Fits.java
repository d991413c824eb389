package dev.longtake.cli;

import dev.longtake.memory.Memory;
import dev.longtake.pretrained.MemoryNeeds;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Device.Kind;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.NativeMemory;
import dev.longtake.text.TextResidence;

/** Whether a model fits the machine, asked before any of it is loaded. */
final class Fits {
  private Fits() {}

  /**
   * Refuses a model that cannot fit, as far as the system tells what there is.
   *
   * @param memory what it looks back at
   * @param frames pictures of the longest video, what it goes on from included; a memory without
   *     bound grows no longer than that
   * @throws IllegalArgumentException with the figures and the remedies
   */
  static void require(
      ModelFolder model,
      Memory memory,
      long frames,
      Device device,
      Dtype dtype,
      TextResidence residence) {
    var needs = MemoryNeeds.of(model.parts(), latents(model, memory, frames), dtype);
    boolean onProcessor = device.kind() == Kind.CPU;
    var text =
        onProcessor && residence == TextResidence.PROCESSOR ? TextResidence.DEVICE : residence;
    NativeMemory.availableBytes(device)
        .ifPresent(
            bytes ->
                needs.requireWithin(bytes, onProcessor ? "this machine" : device.toString(), text));
  }

  private static int latents(ModelFolder model, Memory memory, long frames) {
    int perLatent = model.config().vae().temporalFactor();
    return (int) Math.min(memory.capacity(), 1 + Math.ceilDiv(frames - 1, (long) perLatent));
  }
}
