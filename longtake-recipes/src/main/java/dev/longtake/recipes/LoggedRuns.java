package dev.longtake.recipes;

import dev.longtake.eval.LossCurve;
import dev.longtake.eval.TrainingLosses;
import dev.longtake.train.StageLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** What runs have logged in their output folders. */
public final class LoggedRuns {
  private static final String TIME = "per iteration time";
  private static final String LOSS = "loss";

  /** What is logged besides losses and norms. */
  private static final Set<String> NO_LOSSES = Set.of(TIME, "learning_rate");

  private static final String NOTHING_LOGGED = " has no logged step, in no STAGE/" + Stage.EVENTS;

  private static final String REMEDY = "give the folder that was --out of longtake train";

  private final Consumer<String> said;
  private final List<TrainingLosses.Stage> stages = new ArrayList<>();

  private LoggedRuns(Consumer<String> said) {
    this.said = said;
  }

  /**
   * Reads the event files of all stages.
   *
   * @param runs output folders of runs, which may be going on, or of single stages
   * @param said hears of files that are not whole, and of runs that have logged no step and are
   *     left out
   * @throws IllegalArgumentException if none of them has logged a step, or one is no folder
   * @throws dev.longtake.train.TrainingException if a file cannot be read or is damaged
   */
  public static TrainingLosses read(List<Path> runs, Consumer<String> said) {
    var given = new LinkedHashMap<Path, Path>();
    runs.forEach(run -> given.putIfAbsent(run.toAbsolutePath().normalize(), run));
    given.keySet().removeIf(folder -> given.containsKey(folder.getParent()) && isStage(folder));
    var whole = given.keySet().stream().map(LoggedRuns::whole).collect(Collectors.toSet());
    var read = new LoggedRuns(said);
    var empty = new ArrayList<Path>();
    given.forEach(
        (folder, run) -> {
          if (!read.add(run, name(whole(folder), run, whole))) {
            empty.add(run);
          }
        });
    if (read.stages.isEmpty()) {
      throw new IllegalArgumentException(
          empty.stream().map(Path::toString).collect(Collectors.joining(" and "))
              + NOTHING_LOGGED
              + "; "
              + REMEDY);
    }
    empty.forEach(run -> said.accept(run + NOTHING_LOGGED + ": left out"));
    return TrainingLosses.of(read.stages);
  }

  /** The run's folder, where that of a stage may have been given. */
  private static Path whole(Path folder) {
    var parent = folder.getParent();
    return parent != null && isStage(folder) ? parent : folder;
  }

  private static boolean isStage(Path folder) {
    return Files.isDirectory(folder.resolve(Stage.EVENTS));
  }

  /** The folder's name, or the path that was given where several have that name. */
  private static String name(Path folder, Path run, Set<Path> all) {
    var last = folder.getFileName();
    boolean alone = last != null && all.stream().filter(other -> other.endsWith(last)).count() == 1;
    return (alone ? last : run).toString();
  }

  /** Whether there was a logged step. */
  private boolean add(Path run, String name) {
    if (!Files.isDirectory(run)) {
      throw new IllegalArgumentException(run + " is no folder; " + REMEDY);
    }
    var logs = new LinkedHashMap<String, StageLog>();
    for (var folder : stageFolders(run)) {
      var log = StageLog.read(folder.resolve(Stage.EVENTS));
      log.cutShort()
          .forEach(file -> said.accept(file + " ends within an entry; those before it count"));
      if (!log.entries().isEmpty()) {
        logs.put(folder.toAbsolutePath().normalize().getFileName().toString(), log);
      }
    }
    logs.entrySet().stream()
        .sorted(Comparator.comparingDouble(entry -> entry.getValue().began()))
        .forEach(entry -> stages.add(stage(name, entry.getKey(), entry.getValue())));
    return !logs.isEmpty();
  }

  /** Those of a run, or the one that was given in its place. */
  private static List<Path> stageFolders(Path run) {
    if (isStage(run)) {
      return List.of(run);
    }
    try (var folders = Files.list(run)) {
      return folders.filter(LoggedRuns::isStage).sorted().toList();
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "cannot list " + run + " (" + e + "); see that it may be read", e);
    }
  }

  private static TrainingLosses.Stage stage(String run, String stage, StageLog log) {
    var series = series(log);
    var times = series.getOrDefault(TIME, new Series());
    var whole = series.getOrDefault(LOSS, new Series());
    var curves = new ArrayList<LossCurve>();
    series.forEach(
        (tag, values) -> {
          // The only part of a loss is logged beside it, with the same values.
          boolean again = !tag.equals(LOSS) && values.equals(whole);
          if (!NO_LOSSES.contains(tag) && !again) {
            curves.add(LossCurve.of(tag, values.steps, values.numbers));
          }
        });
    curves.sort(
        Comparator.comparing(LossCurve::measuresGradient)
            .thenComparing(curve -> !curve.tag().equals(LOSS)));
    long steps = log.entries().getLast().step() + 1;
    double each = times.numbers.isEmpty() ? log.seconds() / steps : times.median();
    return new TrainingLosses.Stage(
        run, stage, steps, log.seconds(), 1e3 * each, log.resumed(), curves);
  }

  /**
   * Numbers of one tag.
   *
   * @param steps as many
   */
  private record Series(List<Long> steps, List<Float> numbers) {
    Series() {
      this(new ArrayList<>(), new ArrayList<>());
    }

    double median() {
      var sorted = numbers.stream().sorted().toList();
      int middle = sorted.size() / 2;
      return sorted.size() % 2 == 1
          ? sorted.get(middle)
          : (sorted.get(middle - 1) + sorted.get(middle)) / 2.0;
    }
  }

  /** By tag, in the order of their first entries; numbers that are none are left out. */
  private static Map<String, Series> series(StageLog log) {
    var series = new LinkedHashMap<String, Series>();
    for (var entry : log.entries()) {
      entry
          .scalars()
          .forEach(
              (tag, number) -> {
                if (Float.isFinite(number)) {
                  var one = series.computeIfAbsent(tag, t -> new Series());
                  one.steps.add(entry.step());
                  one.numbers.add(number);
                }
              });
    }
    return series;
  }
}
