package dev.longtake.cli;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Threads;
import java.util.Optional;
import picocli.CommandLine.Option;

/** What computes, and in which type of number: the options of {@code generate} that say so. */
final class ComputeOptions {
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

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Processor threads. Default: one for each core")
  private Optional<Integer> threads = Optional.empty();

  /** Refuses what can be told to be wrong without asking for a device. */
  void check() {
    AtLeastOne.require("--threads", threads);
    dtype.ifPresent(ComputeOptions::dtype);
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
    var usual = on.kind() == Device.Kind.CUDA ? Dtype.BFLOAT16 : Dtype.FLOAT32;
    return dtype.map(ComputeOptions::dtype).orElse(usual);
  }

  /** Sets the number of threads, if one was asked for. */
  void apply() {
    threads.ifPresent(Threads::set);
  }

  private static Dtype dtype(String name) {
    return switch (name) {
      case "float32" -> Dtype.FLOAT32;
      case "bfloat16" -> Dtype.BFLOAT16;
      default ->
          throw new IllegalArgumentException(
              "unknown --dtype '" + name + "'; give float32 or bfloat16");
    };
  }
}
