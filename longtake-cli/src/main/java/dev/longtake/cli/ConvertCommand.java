package dev.longtake.cli;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.checkpoint.KeyMap;
import dev.longtake.checkpoint.ScaledFloat8;
import dev.longtake.checkpoint.TensorFile;
import dev.longtake.checkpoint.WanNetwork;
import dev.longtake.checkpoint.WanNetwork.Naming;
import dev.longtake.tensor.Dtype;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code longtake convert}: weights in another format, under other names, in another type. */
@Command(
    name = "convert",
    mixinStandardHelpOptions = true,
    versionProvider = Software.class,
    sortOptions = false,
    description = {
      "Writes weights in another format, under other names or in another type.",
      "What OUT ends in says what is written: .safetensors, .safetensors.index.json for several"
          + " files and their index, or .pt as torch.save writes it. Tensors go through one by one,"
          + " so that files larger than memory can be converted, and OUT appears when it is whole.",
      "Names and values are kept as they are unless an option says otherwise.",
      ""
    },
    footer = {
      "",
      "Try: longtake convert model.pt student.safetensors --part generator_ema --unwrap"
          + " --dtype bfloat16"
    })
final class ConvertCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Parameters(
      index = "0",
      paramLabel = "IN",
      description =
          "A safetensors file or its index, a torch.save archive, or a folder with one set of"
              + " safetensors.")
  private Path in = Path.of("");

  @Parameters(index = "1", paramLabel = "OUT", description = "The file to write.")
  private Path out = Path.of("");

  @Option(
      names = "--part",
      paramLabel = "KEY",
      description =
          "For an archive of several parts: which, such as generator_ema; inner ones after a"
              + " slash.")
  private Optional<String> part = Optional.empty();

  @Option(
      names = "--unwrap",
      description =
          "Drops what training puts into names: a leading model., and _fsdp_wrapped_module,"
              + " _checkpoint_wrapped_module and _orig_mod anywhere.")
  private boolean unwrap;

  @Option(
      names = "--names",
      paramLabel = "WHOSE",
      description =
          "original or diffusers: the names that Wan's own files or Diffusers' have for the"
              + " transformer, the autoencoder or the text encoder. Unwraps too.")
  private Optional<String> names = Optional.empty();

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      description =
          "float32, bfloat16 or float16 for real numbers; or float8_e4m3 for matrices, each with a"
              + " scale beside it. Whole numbers stay. Default: as they are")
  private Optional<String> dtypeName = Optional.empty();

  @Option(
      names = "--shard-size",
      paramLabel = "SIZE",
      description =
          "Divides safetensors into files of at most that size, such as 5GB, with an index.")
  private Optional<String> shardSize = Optional.empty();

  @Option(names = "--force", description = "Replaces OUT if it is there.")
  private boolean force;

  ConvertCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    var format = WeightsFormat.of(out, shardSize);
    var naming = names.map(ConvertCommand::naming);
    var dtype = dtypeName.map(ConvertCommand::dtype);
    requireFree(format.file());
    var given = WeightsToConvert.open(in, part);
    try (var source = given.tensors()) {
      requireAny(source);
      var tensors = source;
      if (unwrap || naming.isPresent()) {
        tensors = tensors.renamed(KeyMap.unwrapping());
      }
      if (naming.isPresent()) {
        tensors = ScaledFloat8.unscaled(tensors);
        tensors = tensors.renamed(WanNetwork.naming(tensors, naming.get()));
      }
      if (dtype.isPresent()) {
        tensors = in(dtype.get(), tensors);
      }
      requireSpace(format.file(), tensors.bytes());
      sayWhatIsLost(given, format);
      return write(tensors, format);
    }
  }

  private static TensorFile in(Dtype dtype, TensorFile tensors) {
    return dtype == Dtype.FLOAT8_E4M3
        ? ScaledFloat8.scaled(tensors)
        : ScaledFloat8.unscaled(tensors).as(dtype);
  }

  private int write(TensorFile tensors, WeightsFormat format) {
    if (!WatchedWriting.run(
        terminal, tensors.bytes(), watched -> format.write(watched.apply(tensors)))) {
      return Interruption.EXIT_CODE;
    }
    terminal
        .out()
        .println(
            String.format(
                Locale.ROOT,
                "%s: %d tensors, %s",
                format.file(),
                tensors.names().size(),
                ByteCount.words(tensors.bytes())));
    return Failures.NONE;
  }

  private void sayWhatIsLost(WeightsToConvert given, WeightsFormat format) {
    if (!given.leftOut().isEmpty()) {
      terminal.say(
          Failures.oneLine(
              given.tensors().description() + ": left out: " + String.join(", ", given.leftOut())));
    }
    var texts = new TreeSet<>(given.tensors().metadata().keySet());
    texts.remove("format"); // of which nothing but the word pt is ever seen
    if (format instanceof WeightsFormat.Archive && !texts.isEmpty()) {
      terminal.say(
          Failures.oneLine(
              given.tensors().description()
                  + ": left out, since an archive has no place for metadata: "
                  + String.join(", ", texts)));
    }
  }

  private static void requireAny(TensorFile source) {
    if (source.names().isEmpty()) {
      throw new CheckpointException(
          source.description(), "holds no tensors; longtake inspect tells what it holds");
    }
  }

  private void requireFree(Path file) {
    if (Files.isDirectory(file)) {
      throw new IllegalArgumentException(file + " is a folder; give OUT the name of a file");
    }
    if (Files.exists(file) && !force) {
      throw new IllegalArgumentException(
          file + " is there already; give another OUT, or --force to replace it");
    }
  }

  private static void requireSpace(Path file, long bytes) {
    var folder = file.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new IllegalArgumentException(
          "the folder " + folder + " does not exist; create it or give another OUT");
    }
    FreeSpace.require(folder, bytes);
  }

  private static Naming naming(String word) {
    return switch (word) {
      case "original" -> Naming.ORIGINAL;
      case "diffusers" -> Naming.DIFFUSERS;
      default ->
          throw new IllegalArgumentException(
              "unknown --names '" + word + "'; give original or diffusers");
    };
  }

  private static Dtype dtype(String word) {
    return switch (word) {
      case "float32" -> Dtype.FLOAT32;
      case "bfloat16" -> Dtype.BFLOAT16;
      case "float16" -> Dtype.FLOAT16;
      case "float8_e4m3" -> Dtype.FLOAT8_E4M3;
      default ->
          throw new IllegalArgumentException(
              "unknown --dtype '" + word + "'; give float32, bfloat16, float16 or float8_e4m3");
    };
  }
}
