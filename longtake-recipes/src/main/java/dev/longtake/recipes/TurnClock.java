package dev.longtake.recipes;

import dev.longtake.distill.TurnPart;
import dev.longtake.distill.TurnWatch;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.NativeMemory;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Times the parts of turns, waiting for the device after each. One thread. */
final class TurnClock implements TurnWatch {

  /**
   * A finished turn.
   *
   * @param milliseconds of each part that it had
   * @param peakBytes most memory of tensors on a GPU; on a processor the most ever resident
   */
  record Turn(Map<TurnPart, Double> milliseconds, long peakBytes) {}

  private final Device device;
  private final List<Turn> turns = new ArrayList<>();
  private Map<TurnPart, Double> parts = new EnumMap<>(TurnPart.class);
  private long since;

  TurnClock(Device device) {
    this.device = device;
    start();
  }

  /** Forgets what it has seen, and begins now. */
  void start() {
    turns.clear();
    parts.clear();
    device.synchronize();
    NativeMemory.resetPeak(device);
    since = System.nanoTime();
  }

  /** The turns since {@link #start}. */
  List<Turn> turns() {
    return List.copyOf(turns);
  }

  @Override
  public void done(TurnPart part) {
    device.synchronize();
    long now = System.nanoTime();
    parts.merge(part, (now - since) / 1e6, Double::sum);
    since = now;
    if (part == TurnPart.UPDATE) {
      turns.add(new Turn(parts, peak()));
      parts = new EnumMap<>(TurnPart.class);
      NativeMemory.resetPeak(device);
    }
  }

  private long peak() {
    var bytes =
        device.kind() == Device.Kind.CPU
            ? NativeMemory.peakResidentBytes()
            : NativeMemory.peakBytes(device);
    return bytes.orElse(0);
  }
}
