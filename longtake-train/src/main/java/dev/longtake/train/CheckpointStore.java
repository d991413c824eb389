package dev.longtake.train;

import dev.longtake.checkpoint.Safetensors;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * States of a run as files {@code checkpoint-STEP.safetensors} in one folder; the last few stay.
 *
 * <p>A file is written beside its predecessor, flushed and renamed, so that a crash leaves whole
 * files only.
 */
public final class CheckpointStore implements Checkpoints {
  private static final String PREFIX = "checkpoint-";
  private static final String SUFFIX = ".safetensors";

  private final Path folder;
  private final int keep;
  private final String stage;

  /**
   * A folder, made if absent.
   *
   * @param stage what is trained; a state of another stage is refused
   * @param keep how many states stay, at least 1
   */
  public CheckpointStore(Path folder, String stage, int keep) {
    if (keep < 1) {
      throw new IllegalArgumentException("keep must be at least 1, not " + keep);
    }
    this.folder = folder;
    this.stage = stage;
    this.keep = keep;
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make " + folder, e);
    }
  }

  @Override
  public void save(TrainingState state) {
    try (var scope = Scope.open()) {
      save(state.step(), List.of(state.part()));
    }
  }

  /**
   * Saves a run of several networks, in one file, so that no crash parts them.
   *
   * @param step the next step, from 0
   * @param parts of different names
   */
  public void save(long step, List<SavedPart> parts) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("stage", stage);
    facts.put("step", Long.toString(step));
    for (var part : parts) {
      facts.put(part.key("updates"), Long.toString(part.updates()));
      part.tensors().forEach((name, tensor) -> tensors.put(part.key(name), tensor));
    }
    Safetensors.write(
        folder.resolve(String.format(Locale.ROOT, "%s%08d%s", PREFIX, step, SUFFIX)),
        tensors,
        facts);
    dropOld();
  }

  private void dropOld() {
    var files = files();
    for (var old : files.subList(0, Math.max(0, files.size() - keep))) {
      try {
        Files.delete(old);
      } catch (IOException e) {
        throw new UncheckedIOException("cannot delete " + old, e);
      }
    }
  }

  /**
   * Continues a loop from the newest state.
   *
   * @return whether there was one
   * @throws TrainingException if it belongs to another stage or model, or does not say its step
   */
  public boolean resume(TrainingLoop loop) {
    try (var scope = Scope.open()) {
      var state = loop.state();
      var counts = read(List.of(state.part()));
      counts.ifPresent(
          read ->
              loop.restore(
                  new TrainingState(
                      read.step(),
                      read.updates().getFirst(),
                      state.values(),
                      state.first(),
                      state.second(),
                      state.average())));
      return counts.isPresent();
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
   * @param parts whose tensors are overwritten; nothing is if one does not fit
   * @return how far that state is, or nothing if there is none
   * @throws TrainingException if it belongs to another stage or model, or does not say its step
   */
  public Optional<Counts> read(List<SavedPart> parts) {
    var files = files();
    if (files.isEmpty()) {
      return Optional.empty();
    }
    var newest = files.getLast();
    try (var scope = Scope.open();
        var file = Safetensors.open(newest)) {
      var facts = file.metadata();
      if (!stage.equals(facts.get("stage"))) {
        throw new TrainingException(
            newest
                + " is a checkpoint of stage "
                + facts.get("stage")
                + ", not of "
                + stage
                + "; give another output folder");
      }
      parts.forEach(part -> requireSize(newest, file, part));
      var counts =
          new Counts(
              number(newest, facts, "step"),
              parts.stream().map(part -> number(newest, facts, part.key("updates"))).toList());
      for (var part : parts) {
        part.tensors().forEach((name, tensor) -> tensor.copyFrom(file.read(part.key(name))));
      }
      return Optional.of(counts);
    }
  }

  private static void requireSize(Path newest, Safetensors file, SavedPart part) {
    part.tensors()
        .forEach(
            (name, tensor) -> {
              long held = file.shape(part.key(name))[0];
              if (held != tensor.count()) {
                throw new TrainingException(
                    newest
                        + " holds "
                        + held
                        + " weights, this model has "
                        + tensor.count()
                        + "; give another output folder");
              }
            });
  }

  /** The step that the newest state continues from; empty if there is none. */
  public OptionalLong newestStep() {
    var files = files();
    if (files.isEmpty()) {
      return OptionalLong.empty();
    }
    try (var file = Safetensors.open(files.getLast())) {
      return OptionalLong.of(number(files.getLast(), file.metadata(), "step"));
    }
  }

  private static long number(Path file, Map<String, String> facts, String name) {
    var text = facts.getOrDefault(name, "");
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new TrainingException(
          file
              + " says '"
              + text
              + "' for its "
              + name
              + ", which is no number; delete it to resume from the one before");
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
      throw new UncheckedIOException("cannot list " + folder, e);
    }
  }
}
