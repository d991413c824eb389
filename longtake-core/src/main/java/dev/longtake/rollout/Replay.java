package dev.longtake.rollout;

import dev.longtake.memory.Memory;
import dev.longtake.memory.MemoryPolicy;
import dev.longtake.tensor.Device;
import java.util.Locale;

/**
 * Whether passes, those that denoise and those that remember, are recorded once memory is full, and
 * replayed as a whole. The video is the same.
 */
public enum Replay {
  /** On a GPU, which then waits for no operator to be called. */
  ON,

  /** Every pass calls its operators. */
  OFF;

  /**
   * Reads {@code on}, {@code off} or {@code auto}: on where our own kernels compute on a GPU and
   * the memory plans what it attends.
   *
   * @throws IllegalArgumentException if the text is none of these, or passes cannot be replayed on
   *     that device or with that memory
   */
  public static Replay parse(String text, Device device, Arithmetic arithmetic, Memory memory) {
    boolean onGpu = device.kind() == Device.Kind.CUDA;
    boolean planned = memory instanceof MemoryPolicy;
    return switch (text) {
      case "on" -> {
        if (!onGpu || !planned) {
          throw new IllegalArgumentException(
              "passes are replayed on a CUDA GPU, under a memory that plans, not on "
                  + device
                  + " under "
                  + memory.spec()
                  + "; give --replay auto");
        }
        yield ON;
      }
      case "off" -> OFF;
      case "auto" -> onGpu && planned && arithmetic.fused() ? ON : OFF;
      default -> throw unknown(text);
    };
  }

  /**
   * Refuses a text that {@link #parse} would not read anywhere.
   *
   * @throws IllegalArgumentException if it is none of the three words
   */
  public static void check(String text) {
    if (!text.equals("on") && !text.equals("off") && !text.equals("auto")) {
      throw unknown(text);
    }
  }

  private static IllegalArgumentException unknown(String text) {
    return new IllegalArgumentException("unknown replay '" + text + "'; give auto, on or off");
  }

  /** The word for it on a command line. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
