package dev.longtake.cli;

import dev.longtake.pretrained.FileRole;
import dev.longtake.pretrained.PretrainedParts;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/** What makes pictures of a published model's latents. */
final class DecoderOptions {
  private static final List<String> NAMES = List.of("taew2_1.safetensors", "taew2_1.pth");

  @Option(
      names = "--decoder",
      paramLabel = "DECODER",
      description =
          "full: the autoencoder's own, or tiny: quicker and rougher. Default: full, unless"
              + " --tiny-decoder is given")
  private Optional<String> decoder = Optional.empty();

  @Option(
      names = "--tiny-decoder",
      paramLabel = "FILE",
      description =
          "The tiny decoder taew2_1. Default: taew2_1.safetensors or taew2_1.pth in the model"
              + " folder")
  private Optional<Path> file = Optional.empty();

  /** Refuses what contradicts itself. */
  void check() {
    if (decoder.isPresent() && !List.of("full", "tiny").contains(decoder.get())) {
      throw new IllegalArgumentException(
          "unknown --decoder '" + decoder.get() + "'; give full or tiny");
    }
    if (file.isPresent() && decoder.equals(Optional.of("full"))) {
      throw new IllegalArgumentException(
          "--decoder full and --tiny-decoder contradict one another; leave one of them out");
    }
  }

  /** Refuses a tiny decoder for a folder of our own. */
  void requireNone(Path own) {
    if (isTiny()) {
      ModelOptions.refuse(file.isPresent() ? "--tiny-decoder" : "--decoder tiny", own);
    }
  }

  /**
   * A model's parts with the decoder that was asked for.
   *
   * @throws IllegalArgumentException if that is the tiny one and it is not found
   */
  PretrainedParts of(Path folder, PretrainedParts parts) {
    return isTiny() ? parts.with(FileRole.TINY_DECODER, tiny(folder)) : parts;
  }

  /** What was chosen, by name. */
  Map<String, String> choices() {
    return isTiny() ? Map.of("decoder", "tiny") : Map.of();
  }

  private boolean isTiny() {
    return file.isPresent() || decoder.equals(Optional.of("tiny"));
  }

  private Path tiny(Path folder) {
    return file.or(() -> NAMES.stream().map(folder::resolve).filter(Files::exists).findFirst())
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    String.format(
                        Locale.ROOT,
                        "there is no %s in %s; give the tiny decoder with --tiny-decoder",
                        String.join(" or ", NAMES),
                        folder)));
  }
}
