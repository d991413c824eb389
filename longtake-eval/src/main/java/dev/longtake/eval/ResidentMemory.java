package dev.longtake.eval;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What this process has in memory now, LibTorch's part included. */
final class ResidentMemory {
  private static final String KEY = "VmRSS:";

  private ResidentMemory() {}

  /** Megabytes (10^6 bytes); 0 where the system does not tell, as only Linux does. */
  static double megabytes() {
    try (var lines = Files.lines(Path.of("/proc/self/status"))) {
      return lines
          .filter(line -> line.startsWith(KEY))
          .mapToDouble(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024 / 1e6)
          .findFirst()
          .orElse(0);
    } catch (IOException e) {
      return 0;
    }
  }
}
