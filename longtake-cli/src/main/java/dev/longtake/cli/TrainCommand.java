package dev.longtake.cli;

import dev.longtake.recipes.DryRun;
import dev.longtake.recipes.Ending;
import dev.longtake.recipes.Run;
import dev.longtake.recipes.RunFiles;
import dev.longtake.recipes.Workplace;
import dev.longtake.tensor.Device;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code longtake train}: carries out a run file. */
@Command(
    name = "train",
    mixinStandardHelpOptions = true,
    versionProvider = Software.class,
    sortOptions = false,
    description = {
      "Trains a model as a run file says, stage by stage.",
      "The output folder gets checkpoints and TensorBoard event files of each stage, and the"
          + " finished model in the folder model. Started again, a run goes on where it stopped."
          + " Ctrl-C finishes the step and saves a checkpoint.",
      ""
    })
final class TrainCommand implements Callable<Integer> {
  private static final int MOST_MINUTES = 525_600; // a year
  private static final Duration PATIENCE = Duration.ofHours(1); // longer than any step
  private static final String LEFT_NOTHING = "stopped; nothing is left";
  private static final String GOES_ON =
      "stopped; the same command goes on from the last checkpoint";

  private final Terminal terminal;

  @Parameters(
      index = "0",
      paramLabel = "RUN.yaml",
      description = "The run file, such as recipes/longtake-mini.yaml")
  private Path runFile = Path.of("");

  @Option(
      names = {"-o", "--out"},
      paramLabel = "DIR",
      description = "Where the run leaves its files. Default: out/NAME, for the model's name")
  private Path out = Path.of("");

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description =
          "Sets a key of the run file, such as causal.training.steps=100; may be repeated")
  private Map<String, String> settings = new LinkedHashMap<>();

  @Option(
      names = "--device",
      paramLabel = "D",
      description =
          "cpu, cuda, cuda:N or auto, a GPU if there is one; several, as cuda:0,cuda:1, share each"
              + " step; one may come twice. Default: auto")
  private String device = "auto";

  @Option(
      names = "--until",
      paramLabel = "STEP",
      description = "Stops each stage before this step, to try a run out")
  private long until = Long.MAX_VALUE;

  @Option(
      names = "--minutes",
      paramLabel = "M",
      description =
          "Stops after that time, all preparation included, and makes a model of what is trained;"
              + " 0 only makes a model of the last checkpoint")
  private Optional<Double> minutes = Optional.empty();

  @Option(
      names = "--dry-run",
      description =
          "Builds every stage, takes one step of each in a temporary folder, and prints the plan,"
              + " the memory it needs and what the step took. Leaves nothing.")
  private boolean dryRun;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads that render training data. Default: all processors but two")
  private int threads = Math.max(1, Runtime.getRuntime().availableProcessors() - 2);

  TrainCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    if (threads < 1 || until < 1) {
      throw new IllegalArgumentException(
          "--threads and --until must be at least 1, not " + threads + " and " + until);
    }
    if (minutes.filter(m -> !(m >= 0 && m <= MOST_MINUTES)).isPresent()) {
      throw new IllegalArgumentException(
          "--minutes is " + minutes.get() + "; give 0 to " + MOST_MINUTES);
    }
    var ending = Ending.at(until);
    if (minutes.isPresent()) {
      ending = ending.after(Duration.ofMillis(Math.round(minutes.get() * 60_000)));
    }
    var run = RunFiles.read(runFile, settings);
    var where = Arrays.stream(device.split(",", -1)).map(Device::parse).toList();
    var folder = out.toString().isEmpty() ? Path.of("out", run.name()) : out;
    try (var stop = Interruption.watch(terminal, PATIENCE, () -> dryRun ? LEFT_NOTHING : GOES_ON)) {
      var watcher = new TrainingProgress(terminal);
      carryOut(run, new Workplace(where, folder, threads, ending.orWhen(stop::requested), watcher));
      return Failures.NONE;
    } catch (CancellationException e) {
      return Interruption.EXIT_CODE;
    }
  }

  private void carryOut(Run run, Workplace place) {
    if (dryRun) {
      DryRun.of(run, place, terminal.out()::println);
      return;
    }
    run.carryOut(place);
    var result = run.result(place.output());
    if (Files.exists(result)) { // not if the time was up before there was anything to leave
      terminal.out().println(result);
    }
  }
}
