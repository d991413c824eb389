package dev.longtake.cli;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import java.util.Optional;

/** What {@code --dtype} says. */
final class Precision {
  private Precision() {}

  /** As named, or what suits the device. */
  static Dtype of(Optional<String> name, Device device) {
    return name.map(Precision::parse).orElseGet(() -> usual(device));
  }

  /**
   * Reads {@code float32} or {@code bfloat16}.
   *
   * @throws IllegalArgumentException if it is neither
   */
  static Dtype parse(String name) {
    return switch (name) {
      case "float32" -> Dtype.FLOAT32;
      case "bfloat16" -> Dtype.BFLOAT16;
      default ->
          throw new IllegalArgumentException(
              "unknown --dtype '" + name + "'; give float32 or bfloat16");
    };
  }

  /** What is fastest without harm: FLOAT32 on a processor, BFLOAT16 on a GPU. */
  static Dtype usual(Device device) {
    return device.kind() == Device.Kind.CUDA ? Dtype.BFLOAT16 : Dtype.FLOAT32;
  }
}
