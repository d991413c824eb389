package dev.longtake.pretrained;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.checkpoint.JsonRecord;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

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
