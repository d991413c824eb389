package dev.longtake.cli;

import dev.longtake.pretrained.PretrainedFolder;
import dev.longtake.pretrained.PretrainedParts;
import dev.longtake.recipes.PackModel;
import dev.longtake.rollout.ModelPart;
import dev.longtake.rollout.ModelParts;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code longtake pack}: a published model as one folder, which training begins with. */
@Command(
    name = "pack",
    mixinStandardHelpOptions = true,
    versionProvider = Software.class,
    sortOptions = false,
    description = {
      "Writes a published model as a model folder of Longtake's own, which run files begin with"
          + " (from: OUT).",
      "Without --checkpoint it is Wan's own transformer, which makes a whole video at once: what"
          + " causal models and teachers are trained from, and no more: generate makes no sensible"
          + " video with it. With --checkpoint it is a model that was"
          + " trained from it.",
      "Tensors go through one by one, in the types they have; OUT appears when it is whole.",
      ""
    },
    footer = {"", "Try: longtake pack models/wan out/wan-1.3b"})
final class PackCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Parameters(
      index = "0",
      paramLabel = "IN",
      description = "The folder of a published model: Wan 2.1's, or its Diffusers version.")
  private Path in = Path.of("");

  @Parameters(index = "1", paramLabel = "OUT", description = "The folder to write.")
  private Path out = Path.of("");

  @Mixin private final WeightOptions weights = new WeightOptions();

  PackCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    weights.check();
    if (Files.exists(out)) {
      throw new IllegalArgumentException(out + " is there already; give another OUT");
    }
    var parts =
        weights.areGiven() ? weights.parts(in) : PretrainedParts.base(PretrainedFolder.open(in));
    parts.requireWhole();
    long bytes = bytes(parts);
    FreeSpace.require(out, bytes);
    return write(parts, sources(parts), bytes);
  }

  private Map<String, String> sources(PretrainedParts parts) {
    var sources = new LinkedHashMap<>(weights.choices(parts.preset()));
    sources.put("model", in.toString());
    return sources;
  }

  private int write(ModelParts parts, Map<String, String> sources, long bytes) {
    if (!WatchedWriting.run(
        terminal, bytes, watched -> PackModel.ofParts(parts, sources, out, watched))) {
      return Interruption.EXIT_CODE;
    }
    terminal
        .out()
        .println(
            String.format(
                Locale.ROOT, "%s: %s, %s", out, parts.config().name(), ByteCount.words(bytes)));
    return Failures.NONE;
  }

  private static long bytes(ModelParts parts) {
    long bytes = 0;
    for (var part : ModelPart.values()) {
      try (var file = parts.open(part)) {
        bytes += file.tensors().renamed(file.keys()).bytes();
      }
    }
    return bytes;
  }
}
