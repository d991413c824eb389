package dev.longtake.pretrained;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.checkpoint.JsonRecord;
import dev.longtake.checkpoint.TrainedPart;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.Recall;
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
          "causal-forcing-long",
          "longlive",
          "longlive-base",
          "self-gradient-forcing",
          "context-forcing",
          "rolling-forcing",
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

  /**
   * How a published folder's own transformer, which makes a whole video at once, is sampled: shift
   * 5 and guidance 5 as by default in Wan's own program, guidance 6 for the small model as its
   * authors recommend. Not among {@link #names}, since nothing is generated with it chunk by chunk;
   * training begins with it.
   */
  static Preset base(WanConfig transformer) {
    boolean large = transformer.equals(WanConfig.T2V_14B);
    var repository = large ? "Wan-AI/Wan2.1-T2V-14B" : "Wan-AI/Wan2.1-T2V-1.3B";
    return new Preset(
        "wan2.1-t2v",
        "Wan 2.1 (arXiv 2503.20314) as published: text to video, all frames at once.",
        repository,
        new Preset.Weights(repository, "diffusion_pytorch_model", TrainedPart.GENERATOR),
        List.of(),
        new ModelConfig.VideoSize(832, 480, 16),
        ModelConfig.CHUNK,
        new ModelConfig.Sampling(ModelConfig.SamplerKind.EULER, 50, 5, large ? 5 : 6),
        "full",
        Recall.CACHED);
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
