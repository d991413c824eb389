package dev.longtake.recipes;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Reads run files: YAML in snake case, every key of which can be set to another value. */
public final class RunFiles {
  private RunFiles() {}

  /**
   * Reads a run file.
   *
   * @param settings values by dotted key, such as {@code vae.training.steps}
   * @throws IllegalArgumentException naming file and key, if one is unknown, absent or of a wrong
   *     type
   */
  public static TrainingRun read(Path file, Map<String, String> settings) {
    if (!Files.isRegularFile(file)) {
      throw new IllegalArgumentException("run file " + file + " does not exist; see recipes/");
    }
    try {
      var tree = mapper().readTree(file.toFile());
      if (!(tree instanceof ObjectNode)) {
        throw new IllegalArgumentException(file + " is not a run file: it has no keys");
      }
      settings.forEach((key, value) -> set(tree, file, key, value));
      return mapper().treeToValue(tree, TrainingRun.class);
    } catch (UnrecognizedPropertyException e) {
      var known = e.getKnownPropertyIds().stream().map(Object::toString).toList();
      throw new IllegalArgumentException(
          file + ": unknown key " + path(e) + nearest(e.getPropertyName(), known), e);
    } catch (JsonMappingException e) {
      throw new IllegalArgumentException(file + ": " + path(e) + ": " + reason(e), e);
    } catch (IOException e) {
      throw new IllegalArgumentException(file + " is not a run file: " + firstLine(e), e);
    }
  }

  private static void set(JsonNode tree, Path file, String key, String value) {
    var node = tree;
    var parts = key.split("\\.", -1);
    for (int i = 0; i < parts.length; i++) {
      var child = node.get(parts[i]);
      if (child == null) {
        var known = new ArrayList<String>();
        node.fieldNames().forEachRemaining(known::add);
        throw new IllegalArgumentException(
            file + ": unknown key " + key + nearest(parts[i], known));
      }
      if (i == parts.length - 1) {
        ((ObjectNode) node).set(parts[i], parsed(key, value));
      }
      node = child;
    }
  }

  private static JsonNode parsed(String key, String value) {
    try {
      var node = mapper().readTree(value);
      if (!node.isMissingNode()) {
        return node;
      }
    } catch (IOException e) {
      throw new IllegalArgumentException(
          key + ": '" + value + "' is not a YAML value: " + firstLine(e), e);
    }
    throw new IllegalArgumentException(key + " is set to nothing; give a value after the =");
  }

  private static String nearest(String wrong, List<String> known) {
    return known.stream()
        .min(Comparator.comparingInt(name -> distance(wrong, name)))
        .map(name -> "; did you mean " + name + "?")
        .orElse("");
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

  private static String path(JsonMappingException e) {
    var parts = new ArrayList<String>();
    for (var reference : e.getPath()) {
      parts.add(
          Objects.requireNonNullElse(
              reference.getFieldName(), Integer.toString(reference.getIndex())));
    }
    return String.join(".", parts);
  }

  private static String reason(JsonMappingException e) {
    var cause = e.getCause();
    return cause instanceof IllegalArgumentException && cause.getMessage() != null
        ? cause.getMessage()
        : firstLine(e);
  }

  private static String firstLine(IOException e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }

  private static ObjectMapper mapper() {
    return YAMLMapper.builder()
        .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
        .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
        .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
        .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
        .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
        .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
        .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
        .build();
  }
}
