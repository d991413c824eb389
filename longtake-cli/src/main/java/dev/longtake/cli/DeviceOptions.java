package dev.longtake.cli;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import java.util.Optional;
import picocli.CommandLine.Option;

/** On what is computed, and in which type of number. */
final class DeviceOptions {
  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      description = "cpu, cuda, cuda:N, or auto: a GPU if there is one. Default: auto")
  private String device = "auto";

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      description = "float32 or bfloat16. Default: float32 on cpu, bfloat16 on cuda")
  private Optional<String> dtype = Optional.empty();

  /** Refuses what can be told to be wrong without asking for a device. */
  void check() {
    dtype.ifPresent(Precision::parse);
  }

  /**
   * The device asked for.
   *
   * @throws IllegalArgumentException if there is none such
   */
  Device device() {
    return Device.parse(device);
  }

  /** The type asked for, or the usual one of a device. */
  Dtype dtype(Device on) {
    return Precision.of(dtype, on);
  }
}
