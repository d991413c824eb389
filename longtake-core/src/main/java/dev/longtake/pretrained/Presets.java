package dev.longtake.pretrained;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.checkpoint.JsonRecord;
import dev.longtake.wan.WanConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The presets that come with Longtake, and others from files. */
public final class Presets {
  private static final List<String> NAMES =
      List.of(
          "self-forcing",
          "causal-forcing",
          "longlive",
          "longlive-base",
          "self-gradient-forcing",
          "context-forcing",
          "infinity-rope");

  private Presets() {}

  /** The names of those that come with Longtake. */
  public static List<String> names() {
    return NAMES;
  }

  /**
   * The preset of that name, or in that file ({@code .json}).
   *
   * @throws IllegalArgumentException if no preset is called so, naming those there are
   * @throws CheckpointException if the file is absent or no preset
   */
  public static Preset find(String nameOrFile) {
    if (nameOrFile.endsWith(".json")) {
      var file = Path.of(nameOrFile);
      if (!Files.isRegularFile(file)) {
        throw new CheckpointException(nameOrFile, "no such file; check the path");
      }
      return Preset.read(file);
    }
    if (!NAMES.contains(nameOrFile)) {
      throw new IllegalArgumentException(
          "unknown preset '"
              + nameOrFile
              + "'; there are "
              + String.join(", ", NAMES)
              + ", and any file that ends in .json");
    }
    return bundled(nameOrFile);
  }

  /** Those that come with Longtake and are meant for a transformer of these sizes. */
  public static List<Preset> fitting(WanConfig transformer) {
    return NAMES.stream().map(Presets::bundled).filter(preset -> preset.fits(transformer)).toList();
  }

  /**
   * The preset whose name a file or folder bears, such as {@code self_forcing_dmd.pt}; of names
   * inside one another the longest counts. Empty if it bears none, or two.
   */
  public static Optional<Preset> recognise(Path path) {
    var name = path.toAbsolutePath().normalize().getFileName();
    var plain = name == null ? "" : name.toString().toLowerCase(Locale.ROOT).replace('_', '-');
    var borne = NAMES.stream().filter(plain::contains).toList();
    var longest =
        borne.stream()
            .filter(one -> borne.stream().noneMatch(it -> !it.equals(one) && it.contains(one)))
            .toList();
    return longest.size() == 1 ? Optional.of(bundled(longest.getFirst())) : Optional.empty();
  }

  private static Preset bundled(String name) {
    var resource = "presets/" + name + ".json";
    try (var in = Presets.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException("the program was built without " + resource);
      }
      var json = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return JsonRecord.parse(resource, json, Preset.class, "a preset");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
