package dev.longtake.train;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.checkpoint.Safetensors;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * States of a run as files {@code checkpoint-STEP.safetensors} in one folder; the last few stay,
 * and, if asked for, the one where a logged value was lowest.
 *
 * <p>A file is written beside its predecessor, flushed and renamed, so that a crash or a full disk
 * leaves whole files only. Each holds the SHA-256 of its tensors, which is checked before anything
 * goes on from it. There is no quiet way back: a state that is damaged is named, and whoever
 * deletes it goes on from the one before.
 */
public final class CheckpointStore implements Checkpoints {
  private static final String PREFIX = "checkpoint-";
  private static final String SUFFIX = ".safetensors";
  private static final String CARRIED = "carried."; // then its name
  private static final String CHECKSUM = "sha256";
  private static final String VALUE = "value."; // then a logged value's tag
  private static final String REMEDY = "; delete it to resume from the one before";

  private final Path folder;
  private final int keep;
  private final String stage;
  private final String best;

  /** As the other, without a best state. */
  public CheckpointStore(Path folder, String stage, int keep) {
    this(folder, stage, keep, "");
  }

  /**
   * A folder, made if absent.
   *
   * @param stage what is trained; a state of another stage is refused
   * @param keep how many of the newest states stay, at least 1
   * @param best tag of the logged value whose lowest state stays too; empty for none
   * @throws TrainingException if it cannot be made
   */
  public CheckpointStore(Path folder, String stage, int keep, String best) {
    if (keep < 1) {
      throw new IllegalArgumentException("keep must be at least 1, not " + keep);
    }
    this.folder = folder;
    this.stage = stage;
    this.keep = keep;
    this.best = best;
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new TrainingException(
          "the folder " + folder + " cannot be made (" + e + "); give another output folder");
    }
  }

  /**
   * Saves a state, then deletes those that need not stay.
   *
   * @throws TrainingException if there is no value of the tag whose best is to stay; the state is
   *     saved all the same
   * @throws CheckpointException if the file cannot be written; earlier ones are untouched then
   */
  @Override
  public void save(RunState state, Map<String, Double> values) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    Map<String, String> facts = new TreeMap<>();
    facts.put("stage", stage);
    facts.put("step", Long.toString(state.step()));
    for (var part : state.parts()) {
      facts.put(part.key("updates"), Long.toString(part.updates()));
      part.tensors().forEach((name, tensor) -> tensors.put(part.key(name), tensor));
    }
    state.carried().forEach((name, tensor) -> tensors.put(CARRIED + name, tensor));
    var reached = values.get(best);
    if (reached != null) {
      facts.put(VALUE + best, reached.toString());
    }
    facts.put(CHECKSUM, Checksum.of(tensors));
    Safetensors.write(
        folder.resolve(String.format(Locale.ROOT, "%s%08d%s", PREFIX, state.step(), SUFFIX)),
        tensors,
        facts);
    prune();
    requireLogged(best, values);
  }

  /**
   * Refuses to keep the best by a value that there is not.
   *
   * @param best its tag; empty for none
   * @param values what was logged
   * @throws TrainingException naming those there are
   */
  static void requireLogged(String best, Map<String, Double> values) {
    if (!best.isEmpty() && !values.containsKey(best)) {
      throw new TrainingException(
          "keep_best is '"
              + best
              + "', which is not logged in every step; give one of "
              + String.join(", ", new TreeSet<>(values.keySet())));
    }
  }

  private void prune() {
    var files = files();
    var lowest = best();
    for (var old : files.subList(0, Math.max(0, files.size() - keep))) {
      if (lowest.filter(old::equals).isPresent()) {
        continue;
      }
      try {
        Files.delete(old);
      } catch (IOException e) {
        throw new TrainingException(
            "the old checkpoint " + old + " cannot be deleted (" + e + "); check permissions");
      }
    }
  }

  /** The saved state with the lowest value of the tag whose best stays; the newest of equals. */
  public Optional<Path> best() {
    Optional<Path> lowest = Optional.empty();
    double least = Double.POSITIVE_INFINITY;
    for (var file : best.isEmpty() ? List.<Path>of() : files()) {
      double value = value(file);
      if (value <= least) {
        least = value;
        lowest = Optional.of(file);
      }
    }
    return lowest;
  }

  /** NaN, which is not the least of anything, where a file does not say or cannot be read. */
  private double value(Path path) {
    try (var file = Safetensors.open(path)) {
      return Double.parseDouble(file.metadata().getOrDefault(VALUE + best, "NaN"));
    } catch (CheckpointException | NumberFormatException e) {
      return Double.NaN; // going on from it would say so
    }
  }

  /**
   * How far a run is.
   *
   * @param step the next step, from 0
   * @param updates optimiser updates of each part so far
   */
  public record Counts(long step, List<Long> updates) {
    /** Copies the list. */
    public Counts {
      updates = List.copyOf(updates);
    }
  }

  /**
   * Writes the newest state into a run's own tensors.
   *
   * @param parts whose tensors are overwritten; none is if one does not fit
   * @param carried gets what else the run carries
   * @return how far that state is, or nothing if there is none
   * @throws CheckpointException if it is damaged, saying what to do
   * @throws TrainingException if it belongs to another stage or model, or does not say its step
   */
  public Optional<Counts> read(List<SavedPart> parts, Carried carried) {
    var files = files();
    if (files.isEmpty()) {
      return Optional.empty();
    }
    var newest = files.getLast();
    try (var scope = Scope.open();
        var file = opened(newest)) {
      var facts = file.metadata();
      requireStage(newest, facts);
      parts.forEach(part -> requireSize(newest, file, part));
      var counts =
          new Counts(
              number(newest, facts, "step"),
              parts.stream().map(part -> number(newest, facts, part.key("updates"))).toList());
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      file.names().forEach(name -> tensors.put(name, file.read(name)));
      requireWhole(newest, facts, tensors);
      Map<Tensor, Tensor> fitting = new LinkedHashMap<>();
      for (var part : parts) {
        part.tensors()
            .forEach((name, own) -> fitting.put(own, part(newest, tensors, part.key(name))));
      }
      carried.restore(carriedIn(tensors));
      fitting.forEach(Tensor::copyFrom);
      return Optional.of(counts);
    }
  }

  private void requireStage(Path newest, Map<String, String> facts) {
    var told = facts.get("stage");
    if (told == null) {
      throw new TrainingException(
          newest + " is no checkpoint of a run: it names no stage; give another output folder");
    }
    if (!stage.equals(told)) {
      throw new TrainingException(
          newest
              + " is a checkpoint of stage "
              + told
              + ", not of "
              + stage
              + "; give another output folder");
    }
  }

  private static Map<String, Tensor> carriedIn(Map<String, Tensor> tensors) {
    Map<String, Tensor> carried = new LinkedHashMap<>();
    tensors.forEach(
        (name, tensor) -> {
          if (name.startsWith(CARRIED)) {
            carried.put(name.substring(CARRIED.length()), tensor);
          }
        });
    return carried;
  }

  private static void requireSize(Path newest, Safetensors file, SavedPart part) {
    part.tensors()
        .forEach(
            (name, tensor) -> {
              var key = part.key(name);
              if (file.names().contains(key) && file.shape(key)[0] != tensor.count()) {
                throw new TrainingException(
                    newest
                        + " holds "
                        + file.shape(key)[0]
                        + " weights, this model has "
                        + tensor.count()
                        + "; give another output folder");
              }
            });
  }

  private static Safetensors opened(Path path) {
    try {
      return Safetensors.open(path);
    } catch (CheckpointException e) {
      throw new CheckpointException(
          path.toString(), "cannot be resumed from (" + problem(path, e) + ")" + REMEDY, e);
    }
  }

  /** Without the file's name, which stands before it, and the remedy for files of other origin. */
  private static String problem(Path path, CheckpointException e) {
    var told = String.valueOf(e.getMessage());
    return told.substring(told.startsWith(path + ": ") ? (path + ": ").length() : 0)
        .replaceFirst("; [^;]*$", "");
  }

  private static void requireWhole(
      Path path, Map<String, String> facts, Map<String, Tensor> tensors) {
    var told = facts.getOrDefault(CHECKSUM, "none");
    var found = Checksum.of(tensors);
    if (!told.equals(found)) {
      throw new CheckpointException(
          path.toString(),
          "is damaged: the checksum of its tensors is " + found + ", it says " + told + REMEDY);
    }
  }

  private static Tensor part(Path path, Map<String, Tensor> tensors, String name) {
    var tensor = tensors.get(name);
    if (tensor == null) {
      throw new CheckpointException(
          path.toString(),
          "lacks tensor '"
              + name
              + "': an earlier version or another kind of run wrote it; give another output folder");
    }
    return tensor;
  }

  /** The step that the newest state continues from; empty if there is none. */
  public OptionalLong newestStep() {
    var files = files();
    if (files.isEmpty()) {
      return OptionalLong.empty();
    }
    try (var file = opened(files.getLast())) {
      return OptionalLong.of(number(files.getLast(), file.metadata(), "step"));
    }
  }

  private static long number(Path file, Map<String, String> facts, String name) {
    var text = facts.getOrDefault(name, "");
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new TrainingException(
          file + " says '" + text + "' for its " + name + ", which is no number" + REMEDY);
    }
  }

  /** The saved states, oldest first. */
  public List<Path> files() {
    try (var list = Files.list(folder)) {
      return list.filter(
              file -> {
                var name = file.getFileName().toString();
                return name.startsWith(PREFIX) && name.endsWith(SUFFIX);
              })
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new TrainingException(
          "the folder " + folder + " cannot be listed (" + e + "); check permissions");
    }
  }
}
