package dev.longtake.eval;

import dev.longtake.rollout.ChunkPart;
import dev.longtake.rollout.ChunkWatch;
import dev.longtake.tensor.Device;
import java.util.EnumMap;
import java.util.Map;

/**
 * Adds up how long each part of the chunks takes, on the device too; all but decoding, which may
 * happen on another thread, at the same time. Used by the thread that generates.
 */
final class PartClock implements ChunkWatch {
  private final Device device;
  private final Map<ChunkPart, Double> seconds = new EnumMap<>(ChunkPart.class);
  private long since;

  PartClock(Device device) {
    this.device = device;
  }

  /** The next part begins now. */
  void begin() {
    since = System.nanoTime();
  }

  @Override
  public void done(ChunkPart part) {
    if (part == ChunkPart.DECODE) {
      return;
    }
    device.synchronize();
    long now = System.nanoTime();
    seconds.merge(part, (now - since) / 1e9, Double::sum);
    since = now;
  }

  /** All chunks' together. */
  double seconds(ChunkPart part) {
    return seconds.getOrDefault(part, 0.0);
  }
}
