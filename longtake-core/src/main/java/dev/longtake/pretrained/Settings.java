package dev.longtake.pretrained;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.checkpoint.Misread;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/** A published configuration file, asked for its settings one by one, strictly. */
final class Settings {
  private static final JsonMapper JSON = new JsonMapper();

  private final Path file;
  private final JsonNode root;
  private final Set<String> asked = new HashSet<>();

  private Settings(Path file, JsonNode root) {
    this.file = file;
    this.root = root;
  }

  static Settings read(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new CheckpointException(file.toString(), "no such file; download it too");
    }
    try {
      var root = JSON.readTree(Files.readString(file));
      if (!root.isObject()) {
        throw new CheckpointException(file.toString(), "is no JSON object; download it again");
      }
      return new Settings(file, root);
    } catch (JsonProcessingException e) {
      throw new CheckpointException(
          file.toString(), "is no JSON (" + Misread.of(e) + "); download it again", e);
    } catch (IOException e) {
      throw new CheckpointException(
          file.toString(), "cannot be read (" + e.getMessage() + "); check its permissions", e);
    }
  }

  boolean has(String key) {
    return !root.path(key).isMissingNode() && !root.path(key).isNull();
  }

  String text(String key) {
    return node(key).asText();
  }

  int whole(String key) {
    var node = node(key);
    if (!node.isInt()) {
      throw wrong(key, "must be a whole number");
    }
    return node.intValue();
  }

  int whole(String key, int absent) {
    asked.add(key);
    return has(key) ? whole(key) : absent;
  }

  /** The entries of a list, as JSON has them. */
  List<String> elements(String key) {
    List<String> out = new ArrayList<>();
    list(key).forEach(item -> out.add(item.toString()));
    return out;
  }

  List<Integer> wholes(String key) {
    List<Integer> out = new ArrayList<>();
    for (var item : list(key)) {
      if (!item.isInt()) {
        throw wrong(key, "must be whole numbers");
      }
      out.add(item.intValue());
    }
    return out;
  }

  List<Double> numbers(String key) {
    List<Double> out = new ArrayList<>();
    for (var item : list(key)) {
      if (!item.isNumber()) {
        throw wrong(key, "must be numbers");
      }
      out.add(item.doubleValue());
    }
    return out;
  }

  List<Boolean> truths(String key) {
    List<Boolean> out = new ArrayList<>();
    for (var item : list(key)) {
      if (!item.isBoolean()) {
        throw wrong(key, "must be true or false each");
      }
      out.add(item.booleanValue());
    }
    return out;
  }

  /** Refuses any value but this, as JSON has it; an absent setting has it. */
  Settings only(String key, String value) {
    asked.add(key);
    try {
      var node = root.path(key);
      var wanted = JSON.readTree(value);
      boolean same =
          node.isNumber() && wanted.isNumber()
              ? node.doubleValue() == wanted.doubleValue()
              : node.equals(wanted);
      if (!node.isMissingNode() && !same) {
        throw wrong(key, "must be " + value + ": Longtake computes nothing else");
      }
      return this;
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(value + " is no JSON", e);
    }
  }

  /** Settings that say nothing about what is computed. */
  Settings ignoring(String... keys) {
    asked.addAll(List.of(keys));
    return this;
  }

  /** Refuses every setting that nobody asked for; those that begin with '_' are notes. */
  void nothingElse() {
    for (var property : root.properties()) {
      var key = property.getKey();
      if (!key.startsWith("_") && !asked.contains(key)) {
        throw wrong(key, "is not known here; use a published Wan 2.1 text-to-video model");
      }
    }
  }

  /** Sizes that contradict each other are the file's fault. */
  <T> T checked(Supplier<T> made) {
    try {
      return made.get();
    } catch (IllegalArgumentException e) {
      throw new CheckpointException(file.toString(), String.valueOf(e.getMessage()), e);
    }
  }

  CheckpointException wrong(String key, String what) {
    return new CheckpointException(
        file.toString(), "setting " + key + " = " + root.path(key) + " " + what);
  }

  private JsonNode list(String key) {
    var node = node(key);
    if (!node.isArray()) {
      throw wrong(key, "must be a list");
    }
    return node;
  }

  private JsonNode node(String key) {
    asked.add(key);
    if (!has(key)) {
      throw new CheckpointException(
          file.toString(), "has no setting " + key + "; download it again");
    }
    return root.path(key);
  }
}
