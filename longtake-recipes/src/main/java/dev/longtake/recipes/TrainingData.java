package dev.longtake.recipes;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What a run is trained on, the key {@code data} of its file: {@code world}, {@code world:COUNT},
 * {@code folder:PATH} or {@code cache:PATH}.
 */
public sealed interface TrainingData {

  /** The procedural world, endless: every clip shows a world of its own. */
  record World() implements TrainingData {
    @Override
    public String text() {
      return "world";
    }
  }

  /**
   * So many rooms of it, from their first pictures: filmed and encoded before the first step, kept
   * on the devices and shown in shuffled order, again and again.
   *
   * @param worlds how many, at least 1
   */
  record Films(int worlds) implements TrainingData {
    private static final int ENOUGH_TO_TRY = 32;

    /** Checks the number. */
    public Films {
      if (worlds < 1) {
        throw new IllegalArgumentException("data is 'world:" + worlds + "'; give at least 1 world");
      }
    }

    @Override
    public TrainingData few() {
      return new Films(Math.min(worlds, ENOUGH_TO_TRY));
    }

    @Override
    public String text() {
      return "world:" + worlds;
    }
  }

  /**
   * Captioned videos, decoded and encoded as they are needed.
   *
   * @param sources folders and tables, separated by commas in the file
   */
  record Folder(List<Path> sources) implements TrainingData {
    /** Copies the list. */
    public Folder {
      sources = List.copyOf(sources);
    }

    @Override
    public String text() {
      return "folder:" + sources.stream().map(Path::toString).collect(Collectors.joining(","));
    }
  }

  /**
   * What {@code longtake encode} left.
   *
   * @param folder of the cache
   */
  record Cache(Path folder) implements TrainingData {
    @Override
    public String text() {
      return "cache:" + folder;
    }
  }

  /** As much of it as trying a run out takes. */
  default TrainingData few() {
    return this;
  }

  /** As a run file says it. */
  @JsonValue
  String text();

  /**
   * Reads it.
   *
   * @throws IllegalArgumentException if it is none of these
   */
  @JsonCreator
  static TrainingData parse(String text) {
    var path = text.substring(text.indexOf(':') + 1);
    if (text.equals("world")) {
      return new World();
    }
    if (text.matches("world:[0-9]{1,9}")) {
      return new Films(Integer.parseInt(path));
    }
    if (text.startsWith("folder:") && !path.isBlank()) {
      return new Folder(Arrays.stream(path.split(",")).map(String::strip).map(Path::of).toList());
    }
    if (text.startsWith("cache:") && !path.isBlank()) {
      return new Cache(Path.of(path));
    }
    throw new IllegalArgumentException(
        "data is '"
            + text
            + "'; give world, world:COUNT, folder:PATH (or several, with commas) or cache:PATH");
  }
}
