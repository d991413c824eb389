package dev.longtake.recipes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.longtake.optim.OrElse;
import dev.longtake.rollout.ModelConfig;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.function.Function;

/** The keys of a run file: those of its record and the records in it, in snake case. */
final class RunKeys {
  private RunKeys() {}

  /**
   * Checks that a file has every key, but for those of a model that have a usual value, and no
   * other. Values are not looked at.
   *
   * @param type the record that the file is to become
   * @throws IllegalArgumentException naming the key, and for an unknown one the nearest
   */
  static void check(JsonNode tree, Class<?> type) {
    check(tree, type, "");
  }

  private static void check(JsonNode node, Class<?> type, String prefix) {
    if (!type.isRecord() || !(node instanceof ObjectNode keys)) {
      return; // a value, of the right type or not
    }
    var parts = type.getRecordComponents();
    var known = Arrays.stream(parts).map(RunKeys::name).toList();
    for (var given : (Iterable<String>) keys::fieldNames) {
      if (!known.contains(given)) {
        throw unknown(prefix + given, given, known);
      }
    }
    for (var part : parts) {
      var child = keys.get(name(part));
      if (child == null && mayBeAbsent(type, name(part))) {
        continue;
      }
      if (child == null) {
        throw new IllegalArgumentException("key " + prefix + name(part) + " is missing");
      }
      check(child, part.getType(), prefix + name(part) + ".");
    }
  }

  private static boolean mayBeAbsent(Class<?> type, String key) {
    return type == ModelConfig.class && ModelConfig.DEFAULTS.containsKey(key);
  }

  /** Puts in what a file leaves out, where the record says what it is then. */
  static void complete(JsonNode node, Class<?> type, Function<String, JsonNode> yaml) {
    if (!type.isRecord() || !(node instanceof ObjectNode keys)) {
      return;
    }
    for (var part : type.getRecordComponents()) {
      var usual = part.getAnnotation(OrElse.class);
      if (usual != null && !keys.has(name(part))) {
        keys.set(name(part), yaml.apply(usual.value()));
      }
      if (keys.get(name(part)) instanceof ObjectNode child) {
        complete(child, part.getType(), yaml);
      }
    }
  }

  /** The complaint about a key, with the nearest of those that could have been meant. */
  static IllegalArgumentException unknown(String path, String wrong, Collection<String> known) {
    var nearest =
        known.stream()
            .min(Comparator.comparingInt(name -> distance(wrong, name)))
            .map(name -> "; did you mean " + name + "?")
            .orElse("");
    return new IllegalArgumentException("unknown key " + path + nearest);
  }

  private static String name(RecordComponent part) {
    return SnakeCaseStrategy.INSTANCE.translate(part.getName());
  }

  /** Levenshtein's edit distance. */
  static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j < row.length; j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j < row.length; j++) {
        int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}
