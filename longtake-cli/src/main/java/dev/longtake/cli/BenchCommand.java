package dev.longtake.cli;

import dev.longtake.eval.GenerationSpeed;
import dev.longtake.eval.GenerationSpeed.Settings;
import dev.longtake.eval.NetworkReport;
import dev.longtake.eval.NetworkSize;
import dev.longtake.eval.NetworkTimes;
import dev.longtake.eval.ResultFile;
import dev.longtake.eval.SpeedReport;
import dev.longtake.memory.MemoryPolicies;
import dev.longtake.recipes.DistillReport;
import dev.longtake.recipes.DistillSettings;
import dev.longtake.recipes.DistillTimes;
import dev.longtake.rollout.VideoModel;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code longtake bench}: how fast a model is here. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    versionProvider = Software.class,
    sortOptions = false,
    description = {
      "Measures how fast a model makes video on this machine, and in how much memory.",
      "Loop: transformer and decoder. End to end: from the prompt to the finished MP4. About 2"
          + " minutes for longtake-mini on two processor cores, where nothing else should run.",
      ""
    })
final class BenchCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Mixin private final ModelOptions models = new ModelOptions();

  @Mixin private final ComputeOptions compute = new ComputeOptions();

  @Option(
      names = "--random-weights",
      paramLabel = "NETWORK",
      description =
          "Times wan-1.3b, wan-14b or tiny without its files, in every arithmetic there is; of the"
              + " other options --device, --dtype, --threads, --seconds, --runs, --format and --out"
              + " apply")
  private Optional<String> network = Optional.empty();

  @Option(
      names = "--training",
      paramLabel = "STAGE",
      description =
          "With --random-weights: times a step of this stage in place of generation, and what memory"
              + " it takes; contextual-dmd is the one there is. Of the other options --device,"
              + " --dtype, --threads, --runs, --activations, --format and --out"
              + " apply")
  private Optional<String> training = Optional.empty();

  @Option(
      names = "--activations",
      paramLabel = "WHAT",
      description =
          "With --training: kept, or recomputed going backwards, one layer at a time. Default:"
              + " recomputed")
  private Optional<String> activations = Optional.empty();

  @Option(
      names = "--memory",
      paramLabel = "SPEC",
      description = "What the model looks back at. Default: as the model was trained")
  private Optional<String> memory = Optional.empty();

  @Option(
      names = "--prompt",
      paramLabel = "TEXT",
      description = "What the videos show. Default: a room with three things in it")
  private String prompt = Settings.PROMPT;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Of the first video; each further run takes the next. Default: 0")
  private long seed;

  @Option(names = "--seconds", paramLabel = "S", description = "Length of each video. Default: 20")
  private double seconds = 20;

  @Option(
      names = "--warmup",
      paramLabel = "N",
      description = "Chunks that are made first and do not count. Default: 8")
  private int warmup = Settings.WARMUP;

  @Option(names = "--runs", paramLabel = "N", description = "Videos that count. Default: 1")
  private int runs = 1;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description = "text, csv (a line for each run) or json (everything). Default: text")
  private String format = "text";

  @Option(
      names = {"-o", "--out"},
      paramLabel = "FILE",
      description = "Where the result goes. Default: standard output")
  private Optional<Path> out = Optional.empty();

  BenchCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  /** Checks what can be checked cheaply, then loads the model and measures. */
  @Override
  public Integer call() {
    Length.check(seconds);
    requireAtLeast("--warmup", warmup, 0);
    requireAtLeast("--runs", runs, 1);
    models.check();
    compute.check();
    memory.ifPresent(MemoryPolicies::parse);
    var shown = report(format);
    out.ifPresent(ResultFile::requireWritable);
    var size = network.map(NetworkSize::parse);
    if (activations.isPresent() && training.isEmpty()) {
      throw new IllegalArgumentException("--activations goes with --training; give both or none");
    }
    var step =
        training.map(stage -> DistillSettings.parse(stage, activations.orElse("recomputed")));
    if (step.isPresent()) {
      return time(step.get(), size.orElseThrow(BenchCommand::withoutNetwork));
    }
    if (size.isPresent()) {
      return time(size.get());
    }
    var model = models.inspect();
    model.check(List.of(prompt)).forEach(warning -> terminal.say("warning: " + warning));
    var device = compute.device();
    var spec = memory.orElse(model.config().memory());
    model.config().sampling().requireFor(MemoryPolicies.parse(spec));
    var settings =
        new Settings(
            prompt,
            spec,
            seconds,
            seed,
            warmup,
            runs,
            compute.overlap(device),
            compute.replay(device, MemoryPolicies.parse(spec)));
    var dtype = compute.dtype(device);
    var residence = compute.textResidence();
    long frames = Length.frames(seconds, model.config().video().fps());
    Fits.require(model, MemoryPolicies.parse(settings.memory()), frames, device, dtype, residence);
    compute.apply();

    GenerationSpeed speed;
    try (var loaded =
        VideoModel.open(model.parts(), device, dtype, residence, compute.arithmetic())) {
      speed = GenerationSpeed.measure(loaded, settings, terminal::say);
    }
    show(shown.apply(speed));
    return Failures.NONE;
  }

  private int time(NetworkSize size) {
    requireNoCsv();
    var device = compute.device();
    compute.apply();
    var times =
        NetworkTimes.measure(size, device, compute.dtype(device), runs, seconds, terminal::say);
    show(format.equals("json") ? ResultFile.json(times) : NetworkReport.text(times));
    return Failures.NONE;
  }

  private int time(DistillSettings step, NetworkSize size) {
    requireNoCsv();
    var device = compute.device();
    compute.apply();
    var times =
        DistillTimes.measure(size, device, compute.dtype(device), step, runs, terminal::say);
    show(format.equals("json") ? ResultFile.json(times) : DistillReport.text(times));
    return Failures.NONE;
  }

  private static IllegalArgumentException withoutNetwork() {
    return new IllegalArgumentException(
        "--training is timed with random weights; give --random-weights wan-1.3b, wan-14b or tiny");
  }

  private void requireNoCsv() {
    if (format.equals("csv")) {
      throw new IllegalArgumentException("--random-weights has no csv; give --format text or json");
    }
  }

  private void show(String text) {
    out.ifPresentOrElse(file -> ResultFile.writeText(file, text), () -> terminal.out().print(text));
  }

  private static Function<GenerationSpeed, String> report(String format) {
    return switch (format) {
      case "text" -> SpeedReport::text;
      case "csv" -> SpeedReport::csv;
      case "json" -> ResultFile::json;
      default ->
          throw new IllegalArgumentException(
              "unknown --format '" + format + "'; give text, csv or json");
    };
  }

  private static void requireAtLeast(String option, int number, int least) {
    if (number < least) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "%s is %d; give %d or more", option, number, least));
    }
  }
}
