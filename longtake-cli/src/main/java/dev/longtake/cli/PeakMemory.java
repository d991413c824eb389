package dev.longtake.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/** The most memory this process ever had resident, LibTorch's included. */
final class PeakMemory {
  private static final String KEY = "VmHWM:";

  private PeakMemory() {}

  /** In bytes; empty where the system does not tell (only Linux does). */
  static OptionalLong bytes() {
    try (var lines = Files.lines(Path.of("/proc/self/status"))) {
      return lines
          .filter(line -> line.startsWith(KEY))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
          .findFirst();
    } catch (IOException e) {
      return OptionalLong.empty();
    }
  }
}
