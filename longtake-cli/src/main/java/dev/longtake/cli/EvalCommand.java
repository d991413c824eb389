package dev.longtake.cli;

import dev.longtake.eval.CaptionObjects;
import dev.longtake.eval.LossReport;
import dev.longtake.eval.MemoryReport;
import dev.longtake.eval.ResultFile;
import dev.longtake.eval.Revisit;
import dev.longtake.eval.VaeQuality;
import dev.longtake.recipes.LoggedRuns;
import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Threads;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code longtake eval}: what a model can do, in numbers. */
@Command(
    name = "eval",
    mixinStandardHelpOptions = true,
    versionProvider = Software.class,
    sortOptions = false,
    synopsisSubcommandLabel = "MEASUREMENT",
    description = {
      "Measures a model on worlds that nothing is ever trained on, or tells of training runs.",
      "Results are JSON files in the folder --out; eval memory also writes a page with plots and"
          + " pictures, eval losses one with curves. Those of objects and memory are written after every world. Times are for"
          + " longtake-mini on two processor cores, at 14 frames/s.",
      ""
    })
final class EvalCommand implements Runnable {
  private final Terminal terminal;

  @Spec private CommandSpec spec = CommandSpec.create();

  /** What every measurement asks for. */
  static final class Common {
    @Option(
        names = "--model",
        paramLabel = "DIR",
        description = "Model folder. Default: longtake-mini, which comes with Longtake")
    private Optional<Path> model = Optional.empty();

    @Option(
        names = "--device",
        paramLabel = "DEVICE",
        description = "cpu, cuda, cuda:N, or auto: a GPU if there is one. Default: auto")
    private String device = "auto";

    @Option(
        names = {"-o", "--out"},
        paramLabel = "DIR",
        description = "Where results go. Default: results in the working directory")
    private Path out = Path.of("results");

    @Option(
        names = "--seed",
        paramLabel = "N",
        description = "Number of the first held-out world. Default: 0")
    private long seed;

    @Option(
        names = "--threads",
        paramLabel = "N",
        description =
            "Processor threads; fewer than cores where other programs run. Default: one for each"
                + " core")
    private Optional<Integer> threads = Optional.empty();
  }

  EvalCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  /** Without a measurement: says which there are. */
  @Override
  public void run() {
    spec.commandLine().usage(terminal.out());
  }

  @Command(
      mixinStandardHelpOptions = true,
      versionProvider = Software.class,
      sortOptions = false,
      description = "What the video autoencoder loses, in dB. About 4 seconds a world.")
  int vae(
      @Mixin Common common,
      @Option(
              names = "--worlds",
              paramLabel = "N",
              defaultValue = "" + VaeQuality.Settings.WORLDS,
              description =
                  "How many worlds, of "
                      + VaeQuality.Settings.FRAMES
                      + " frames each. Default: ${DEFAULT-VALUE}")
          int worlds) {
    var settings = new VaeQuality.Settings(worlds, VaeQuality.Settings.FRAMES, common.seed);
    var quality = with(common, model -> VaeQuality.measure(model, settings, terminal::say));
    ResultFile.write(common.out.resolve("vae-quality.json"), quality);
    print(
        "%.2f dB on average over %d worlds, lowest %.2f, highest %.2f",
        quality.mean(), worlds, quality.lowest(), quality.highest());
    return Failures.NONE;
  }

  @Command(
      mixinStandardHelpOptions = true,
      versionProvider = Software.class,
      sortOptions = false,
      description =
          "Whether videos show the objects that prompts name, and how far they are from true ones."
              + " About 1 minute a world.")
  int objects(
      @Mixin Common common,
      @Option(
              names = "--worlds",
              paramLabel = "N",
              defaultValue = "" + CaptionObjects.Settings.WORLDS,
              description = "How many videos. Default: ${DEFAULT-VALUE}")
          int worlds,
      @Option(
              names = "--seconds",
              paramLabel = "S",
              defaultValue = "" + CaptionObjects.Settings.SECONDS,
              description = "Length of each. Default: ${DEFAULT-VALUE}")
          double seconds) {
    var settings = new CaptionObjects.Settings(worlds, seconds, common.seed);
    var file = common.out.resolve("caption-objects.json");
    var objects =
        with(
            common,
            model ->
                CaptionObjects.measure(
                    model, settings, terminal::say, soFar -> ResultFile.write(file, soFar)));
    print("generated:     %s", line(objects.generated()));
    print("chance:        %s", line(objects.shuffled()));
    print("truth:         %s", line(objects.truth()));
    print("reconstructed: %s", line(objects.reconstructed()));
    var distance = objects.latentFrechetDistance();
    print(
        "pictures:      %.2f from the truth, as latents (Frechet distance); other worlds %.2f,"
            + " the autoencoder %.2f, nothing but the mean %.2f",
        distance.generated().whole(),
        distance.otherWorlds().whole(),
        distance.reconstructed().whole(),
        distance.flat().whole());
    print(
        "drift:         %.2f in the first quarter, %.2f in the last; other worlds %.2f and %.2f",
        distance.generated().firstQuarter(),
        distance.generated().lastQuarter(),
        distance.otherWorlds().firstQuarter(),
        distance.otherWorlds().lastQuarter());
    return Failures.NONE;
  }

  @Command(
      mixinStandardHelpOptions = true,
      versionProvider = Software.class,
      sortOptions = false,
      description =
          "Whether what left the frame is still there when the camera comes back. About 1 minute a"
              + " world and memory.")
  int memory(
      @Mixin Common common,
      @Option(
              names = "--worlds",
              paramLabel = "N",
              defaultValue = "" + Revisit.Settings.WORLDS,
              description = "How many worlds. Default: ${DEFAULT-VALUE}")
          int worlds,
      @Option(
              names = "--memory",
              paramLabel = "SPEC",
              description =
                  "A memory to measure; may be repeated. Default: slow-fast-redundant, slow-fast,"
                      + " and a window of as many frames with and without the first three")
          List<String> memories,
      @Option(
              names = "--turn",
              paramLabel = "S",
              description =
                  "Seconds of a full turn, 8 to 120; may be repeated, worlds take them by turns. A"
                      + " view is out of sight for three quarters of it. Default: 16, 20, 26, 32")
          List<Double> turns) {
    var usual = Revisit.Settings.DEFAULT.withWorlds(worlds).withSeed(common.seed);
    var remembering = isGiven(memories) ? usual.withMemories(memories) : usual;
    var settings = isGiven(turns) ? remembering.withTurnSeconds(turns) : remembering;
    var outcome =
        with(
            common,
            model ->
                Revisit.measure(
                    model,
                    settings,
                    terminal::say,
                    soFar -> MemoryReport.write(common.out, soFar.result(), soFar.pictures())));
    for (var row : outcome.result().rows()) {
      print(
          "%s: %.1f dB when views come back (raw %.1f), %.1f dB in new columns after a true past",
          row.name(), row.returned().aligned(), row.returned().raw(), row.newest().psnr());
    }
    return Failures.NONE;
  }

  @Command(
      mixinStandardHelpOptions = true,
      versionProvider = Software.class,
      sortOptions = false,
      description = {
        "What training runs did: their losses as curves and in a table, steps and times, from the"
            + " TensorBoard event files that they wrote. No model is loaded.",
        ""
      })
  int losses(
      @Parameters(
              paramLabel = "RUN",
              arity = "1..*",
              description =
                  "Folders that were --out of longtake train, or those of single stages in them;"
                      + " a run may be going on.")
          List<Path> runs,
      @Option(
              names = {"-o", "--out"},
              paramLabel = "DIR",
              defaultValue = "results",
              description =
                  "Where losses.svg, losses.md and losses.json go. Default: results in the working"
                      + " directory")
          Path out) {
    ResultFile.requireFolder(out);
    var losses = LoggedRuns.read(runs, terminal::say);
    LossReport.write(out, losses);
    for (var stage : losses.stages()) {
      print(
          "%s, %s: %d steps in %s, %.0f ms/step",
          stage.run(),
          stage.stage(),
          stage.steps(),
          LossReport.duration(stage.seconds()),
          stage.stepMilliseconds());
      stage
          .losses()
          .forEach(
              curve -> print("  %s %.3g, then %.3g", curve.tag(), curve.first(), curve.last()));
    }
    return Failures.NONE;
  }

  private static boolean isGiven(@Nullable List<?> values) {
    return values != null && !values.isEmpty();
  }

  private static <R> R with(Common common, Function<VideoModel, R> measurement) {
    ResultFile.requireFolder(common.out);
    common.threads.ifPresent(Threads::set);
    var folder = ModelFolder.inspect(common.model.orElseGet(ModelFolder::bundled));
    var device = Device.parse(common.device);
    try (var model = VideoModel.open(folder.parts(), device, Precision.usual(device))) {
      return measurement.apply(model);
    }
  }

  private void print(String format, Object... values) {
    terminal.out().println(String.format(Locale.ROOT, format, values));
  }

  private static String line(CaptionObjects.Score score) {
    return String.format(
        Locale.ROOT,
        "%.2f of the named colours are there, %.2f of the others; %.2f of the shapes are right",
        score.recall(),
        score.falseAlarmRate(),
        score.shapeAccuracy());
  }
}
