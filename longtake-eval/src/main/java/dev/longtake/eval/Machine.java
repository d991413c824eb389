package dev.longtake.eval;

import dev.longtake.tensor.Device;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The computer that a time was taken on. What does not apply is {@value #NONE}, what the system
 * does not tell {@value #UNKNOWN}.
 *
 * @param os operating system, version and architecture
 * @param cpu model of the processor
 * @param cores how many of them this process may use
 * @param gpu model of the GPU, or of all if they differ
 * @param driver version of its driver
 * @param cuda version of the CUDA runtime
 * @param cudnn version of cuDNN
 */
public record Machine(
    String os, String cpu, int cores, String gpu, String driver, String cuda, String cudnn) {
  /** Nothing of that kind is in use. */
  public static final String NONE = "none";

  /** There is one, but the system does not tell which. */
  public static final String UNKNOWN = "unknown";

  private static final Pattern CPU = Pattern.compile("(?m)^model name\\s*:\\s*(.+)$");
  private static final Pattern GPU = Pattern.compile("(?m)^Model:\\s*(.+)$");
  private static final Pattern DRIVER =
      Pattern.compile("Kernel Module(?: for \\S+)?\\s+(\\d+(?:\\.\\d+)+)");

  /** This computer, as far as work on that device goes. */
  public static Machine with(Device device) {
    return read(Path.of("/proc"), device);
  }

  /** The same from a copy of Linux's {@code /proc}; other systems have none and tell less. */
  static Machine read(Path proc, Device device) {
    boolean gpu = device.kind() == Device.Kind.CUDA;
    return new Machine(
        String.format(
            Locale.ROOT,
            "%s %s, %s",
            System.getProperty("os.name"),
            System.getProperty("os.version"),
            System.getProperty("os.arch")),
        first(CPU, proc.resolve("cpuinfo")).orElse(UNKNOWN),
        Runtime.getRuntime().availableProcessors(),
        gpu ? gpus(proc.resolve("driver/nvidia/gpus")) : NONE,
        gpu ? first(DRIVER, proc.resolve("driver/nvidia/version")).orElse(UNKNOWN) : NONE,
        gpu ? Device.cudaVersion().orElse(UNKNOWN) : NONE,
        gpu ? Device.cudnnVersion().orElse(UNKNOWN) : NONE);
  }

  private static String gpus(Path folder) {
    try (var gpus = Files.list(folder)) {
      var models =
          gpus.flatMap(gpu -> first(GPU, gpu.resolve("information")).stream())
              .distinct()
              .sorted()
              .collect(Collectors.joining(" and "));
      return models.isEmpty() ? UNKNOWN : models;
    } catch (IOException e) {
      return UNKNOWN;
    }
  }

  private static Optional<String> first(Pattern pattern, Path file) {
    try {
      var found = pattern.matcher(Files.readString(file));
      return found.find() ? Optional.of(found.group(1).strip()) : Optional.empty();
    } catch (IOException | UncheckedIOException e) {
      return Optional.empty();
    }
  }
}
