package dev.longtake.cli;

import dev.longtake.memory.Memory;
import dev.longtake.rollout.Arithmetic;
import dev.longtake.rollout.Overlap;
import dev.longtake.rollout.Replay;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Threads;
import dev.longtake.text.TextResidence;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * What computes, and in which type of number: the options of {@code generate} and {@code bench}
 * that say so.
 */
final class ComputeOptions {
  @Mixin private final DeviceOptions devices = new DeviceOptions();

  @Option(
      names = "--text-encoder",
      paramLabel = "WHERE",
      description =
          "Where the text encoder is: device (stays there), passing (freed when the prompt is"
              + " read) or cpu (encodes there). Default: device")
  private String textEncoder = "device";

  @Option(
      names = "--arithmetic",
      paramLabel = "HOW",
      description =
          "plain, plain-fp8, or on a GPU fused, fused-fp8 or fused-fp8-rows: kernels of Longtake's"
              + " own (fused), linear layers in eight bits (fp8; a processor emulates them, to no"
              + " gain). Default: plain")
  private String arithmetic = "plain";

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Processor threads. Default: one for each core")
  private Optional<Integer> threads = Optional.empty();

  @Option(
      names = "--overlap",
      paramLabel = "WHEN",
      description =
          "Whether a chunk is decoded while the next one is denoised: on, off or auto, on a GPU"
              + " only. The video is the same. Default: auto")
  private String overlap = "auto";

  @Option(
      names = "--replay",
      paramLabel = "WHEN",
      description =
          "Whether passes are recorded on a GPU once memory is full, and replayed as a whole: on,"
              + " off or auto, with fused arithmetic only. The video is the same. Default: auto")
  private String replay = "auto";

  /** Refuses what can be told to be wrong without asking for a device. */
  void check() {
    AtLeastOne.require("--threads", threads);
    devices.check();
    TextResidence.parse(textEncoder);
    overlap(Device.CPU);
    Replay.check(replay);
    Arithmetic.parse(arithmetic);
  }

  /**
   * The device asked for.
   *
   * @throws IllegalArgumentException if there is none such
   */
  Device device() {
    return devices.device();
  }

  /** The type asked for, or the usual one of a device. */
  Dtype dtype(Device on) {
    return devices.dtype(on);
  }

  /** How the model is to compute. */
  Arithmetic arithmetic() {
    return Arithmetic.parse(arithmetic);
  }

  /** Where the text encoder is to be. */
  TextResidence textResidence() {
    return TextResidence.parse(textEncoder);
  }

  /** Whether decoding overlaps with denoising on a device. */
  Overlap overlap(Device on) {
    return Overlap.parse(overlap, on);
  }

  /** Whether passes are replayed on a device, under a memory. */
  Replay replay(Device on, Memory memory) {
    return Replay.parse(replay, on, arithmetic(), memory);
  }

  /** Sets the number of threads, if one was asked for. */
  void apply() {
    threads.ifPresent(Threads::set);
  }
}
