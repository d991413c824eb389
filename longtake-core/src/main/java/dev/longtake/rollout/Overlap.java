package dev.longtake.rollout;

import dev.longtake.tensor.Device;
import java.util.Locale;

/** Whether a chunk is decoded while the next one is denoised. The pictures are the same. */
public enum Overlap {
  /** Decoding has a thread of its own, on a GPU with a stream of its own, one chunk behind. */
  ON,

  /** One after the other. */
  OFF;

  /**
   * Reads {@code on}, {@code off} or {@code auto}, which is what suits the device: a GPU has idle
   * units while it denoises, but on a processor both would fight for the same cores.
   *
   * @throws IllegalArgumentException if the text is none of these
   */
  public static Overlap parse(String text, Device device) {
    return switch (text) {
      case "on" -> ON;
      case "off" -> OFF;
      case "auto" -> device.kind() == Device.Kind.CUDA ? ON : OFF;
      default ->
          throw new IllegalArgumentException(
              "unknown overlap '" + text + "'; give auto, on or off");
    };
  }

  /** The word for it on a command line. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
