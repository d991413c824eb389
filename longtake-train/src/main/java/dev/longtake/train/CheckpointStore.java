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
  private static final String CARRIED = "carried.";

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
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      tensors.put("values", state.values().detach());
      tensors.put("first", state.first());
      tensors.put("second", state.second());
      tensors.put("average", state.average());
      state.carried().forEach((name, tensor) -> tensors.put(CARRIED + name, tensor));
      Safetensors.write(
          folder.resolve(String.format(Locale.ROOT, "%s%08d%s", PREFIX, state.step(), SUFFIX)),
          tensors,
          Map.of(
              "stage", stage,
              "step", Long.toString(state.step()),
              "updates", Long.toString(state.updates())));
    }
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
    var files = files();
    if (files.isEmpty()) {
      return false;
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
      long wanted = loop.state().values().count();
      if (file.shape("values")[0] != wanted) {
        throw new TrainingException(
            newest
                + " holds "
                + file.shape("values")[0]
                + " weights, this model has "
                + wanted
                + "; give another output folder");
      }
      loop.restore(
          new TrainingState(
              number(newest, facts, "step"),
              number(newest, facts, "updates"),
              file.read("values"),
              file.read("first"),
              file.read("second"),
              file.read("average"),
              carried(file)));
    }
    return true;
  }

  private static Map<String, Tensor> carried(Safetensors file) {
    Map<String, Tensor> carried = new LinkedHashMap<>();
    for (var name : file.names()) {
      if (name.startsWith(CARRIED)) {
        carried.put(name.substring(CARRIED.length()), file.read(name));
      }
    }
    return carried;
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
