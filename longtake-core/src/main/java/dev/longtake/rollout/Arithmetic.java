package dev.longtake.rollout;

import dev.longtake.nn.FusedOps;
import dev.longtake.nn.LinearFormat;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * How a loaded model computes: with LibTorch's operators or kernels of our own between its large
 * products, and with the blocks' linear layers as stored or in eight bits.
 */
public enum Arithmetic {
  /** LibTorch's operators; the reference, on any device and in any type. */
  PLAIN(LinearFormat.AS_STORED),
  /** LibTorch's operators, linear layers in eight bits; emulated on a processor, to no gain. */
  PLAIN_FP8(LinearFormat.FP8),
  /** Kernels of our own, for BFLOAT16 on a GPU of compute capability 8.9 or newer. */
  FUSED(LinearFormat.AS_STORED),
  /** The same, with linear layers in eight bits. */
  FUSED_FP8(LinearFormat.FP8),
  /** The same, with a scale for each row. */
  FUSED_FP8_ROWS(LinearFormat.FP8_ROWS);

  private final LinearFormat linears;

  Arithmetic(LinearFormat linears) {
    this.linears = linears;
  }

  /**
   * Reads {@code plain}, {@code plain-fp8}, {@code fused}, {@code fused-fp8} or {@code
   * fused-fp8-rows}.
   *
   * @throws IllegalArgumentException if the name is none of these
   */
  public static Arithmetic parse(String name) {
    return Arrays.stream(values())
        .filter(arithmetic -> arithmetic.toString().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "unknown arithmetic '"
                        + name
                        + "'; give "
                        + Arrays.stream(values())
                            .map(Arithmetic::toString)
                            .collect(Collectors.joining(", "))));
  }

  /** Whether kernels of our own compute. */
  public boolean fused() {
    return switch (this) {
      case PLAIN, PLAIN_FP8 -> false;
      case FUSED, FUSED_FP8, FUSED_FP8_ROWS -> true;
    };
  }

  /** Whether it runs on that device in that type. */
  public boolean runsOn(Device device, Dtype dtype) {
    return !fused() || device.kind() == Device.Kind.CUDA && dtype == Dtype.BFLOAT16;
  }

  /**
   * The operators for a model, which the caller closes after it.
   *
   * @throws IllegalArgumentException if the device or the type has none such
   */
  public FusedOps open(Device device, Dtype dtype) {
    if (!runsOn(device, dtype)) {
      throw new IllegalArgumentException(
          "arithmetic "
              + this
              + " needs a CUDA GPU and bfloat16, not "
              + device
              + " and "
              + dtype.name().toLowerCase(Locale.ROOT)
              + "; give plain");
    }
    return fused() ? FusedOps.kernels(linears, device, dtype) : FusedOps.plain(linears);
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
