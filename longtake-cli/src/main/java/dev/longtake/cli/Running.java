package dev.longtake.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.inspect.Contents;
import dev.longtake.inspect.Recognised;
import dev.longtake.pretrained.MemoryNeeds;
import dev.longtake.pretrained.Preset;
import dev.longtake.pretrained.Presets;
import dev.longtake.pretrained.PretrainedFolder;
import dev.longtake.pretrained.PretrainedParts;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.tensor.Dtype;
import dev.longtake.text.Umt5Config;
import dev.longtake.vae.VaeConfig;
import dev.longtake.wan.WanConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/**
 * A way to run what was found, and what that takes.
 *
 * @param presets any of which say so; none for a model that says it itself
 * @param config the model as it would be run
 */
record Running(List<String> presets, ModelConfig config) {
  private static final int SECONDS = 60; // that a memory without bound is reckoned for

  /**
   * The ways to run what a file or folder holds; none for what is no model, or of sizes that no
   * preset is for.
   *
   * @throws CheckpointException if a folder's model is of a kind not computed here, or not all
   *     there
   */
  static List<Running> of(Path path, Contents contents) {
    return switch (contents.kind()) {
      case LONGTAKE_MODEL -> List.of(new Running(List.of(), ModelConfig.read(path)));
      case WAN_FOLDER, DIFFUSERS_FOLDER -> ofPublished(path);
      case SAFETENSORS, INDEX, ARCHIVE, FOLDER -> ofTransformer(path, contents);
    };
  }

  private static List<Running> ofPublished(Path path) {
    var folder = PretrainedFolder.open(path);
    return grouped(
        Presets.fitting(folder.transformer()),
        preset -> PretrainedParts.of(folder, preset).config());
  }

  private static List<Running> ofTransformer(Path path, Contents contents) {
    return contents.parts().stream()
        .flatMap(part -> Recognised.of(part.tensors()).stream())
        .flatMap(known -> known.transformer().stream())
        .findFirst()
        .map(sizes -> grouped(presets(path, sizes), preset -> withWan(preset, sizes)))
        .orElse(List.of());
  }

  private static List<Preset> presets(Path path, WanConfig sizes) {
    return Presets.recognise(path)
        .filter(preset -> preset.fits(sizes))
        .map(List::of)
        .orElseGet(() -> Presets.fitting(sizes));
  }

  private static ModelConfig withWan(Preset preset, WanConfig sizes) {
    return preset.config(sizes, VaeConfig.WAN_2_1, Umt5Config.XXL);
  }

  /** Presets that look back alike and make pictures of one size need the same. */
  private static List<Running> grouped(
      List<Preset> presets, Function<Preset, ModelConfig> configured) {
    Map<List<Object>, Running> groups = new LinkedHashMap<>();
    for (var preset : presets) {
      var config = configured.apply(preset);
      groups.merge(
          List.of(config.memory(), config.video()),
          new Running(List.of(preset.name()), config),
          Running::and);
    }
    return List.copyOf(groups.values());
  }

  private Running and(Running other) {
    var all = new ArrayList<>(presets);
    all.addAll(other.presets);
    return new Running(all, config);
  }

  private MemoryNeeds needs(Dtype dtype) {
    int minute = SECONDS * config.video().fps() / config.vae().temporalFactor();
    return MemoryNeeds.of(config, Math.min(config.policy().capacity(), minute), dtype);
  }

  /** For people. */
  List<String> lines() {
    var video = config.video();
    var lines = new ArrayList<String>();
    lines.add(
        "runs "
            + (presets.isEmpty() ? "" : "with --preset " + String.join(" | ", presets) + " ")
            + "at "
            + video.width()
            + "x"
            + video.height()
            + " with memory "
            + config.memory()
            + (presets.isEmpty() ? ", " + sampling(config.sampling()) : "")
            + ", whole with text encoder and autoencoder:");
    for (var dtype : List.of(Dtype.FLOAT32, Dtype.BFLOAT16)) {
      var needs = needs(dtype);
      lines.add(
          String.format(
              Locale.ROOT,
              "  in %s: %s (weights %s, keys and values %s, decoding %s)",
              InspectReport.word(dtype),
              ByteCount.words(needs.total()),
              ByteCount.words(needs.weights()),
              ByteCount.words(needs.keyValues() + needs.prompts()),
              ByteCount.words(needs.decoding())));
    }
    lines.add(
        String.format(
            Locale.ROOT,
            "  in float8: weights %s on the disk; they are computed in one of the above",
            ByteCount.words(needs(Dtype.FLOAT8_E4M3).weights())));
    return lines;
  }

  private static String sampling(ModelConfig.Sampling sampling) {
    return sampling.steps()
        + (sampling.steps() == 1 ? " step" : " steps")
        + " a chunk"
        + (sampling.guidance() == 1
            ? ""
            : String.format(Locale.ROOT, " at guidance %s", sampling.guidance()));
  }

  /** For programs. */
  void describe(ObjectNode node) {
    presets.forEach(node.putArray("presets")::add);
    if (presets.isEmpty()) {
      var sampling = config.sampling();
      node.put("sampler", sampling.kind().name().toLowerCase(Locale.ROOT));
      node.put("steps", sampling.steps());
      node.put("guidance", sampling.guidance());
    }
    node.put("width", config.video().width());
    node.put("height", config.video().height());
    node.put("memory", config.memory());
    for (var dtype : List.of(Dtype.FLOAT32, Dtype.BFLOAT16)) {
      var needs = needs(dtype);
      node.putObject("bytes_in_" + InspectReport.word(dtype))
          .put("text_encoder", needs.textEncoder())
          .put("transformer", needs.transformer())
          .put("autoencoder", needs.vae())
          .put("keys_and_values", needs.keyValues() + needs.prompts())
          .put("decoding", needs.decoding())
          .put("total", needs.total());
    }
    node.put("weight_bytes_in_float8", needs(Dtype.FLOAT8_E4M3).weights());
  }
}
