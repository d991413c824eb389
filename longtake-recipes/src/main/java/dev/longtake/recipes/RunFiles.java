package dev.longtake.recipes;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.longtake.checkpoint.Misread;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * Reads run files: YAML in snake case, every key of which can be set to another value. The key
 * {@code stage} says which kind of run it is, and with that which other keys there are.
 */
public final class RunFiles {
  private static final String STAGE = "stage";

  /** Which record each kind of run is. */
  private static final Map<String, Class<? extends Run>> STAGES =
      Map.ofEntries(
          Map.entry("backbone", BackboneRun.class),
          Map.entry("causal-start", CausalStartRun.class),
          Map.entry("context-teacher", ContextTeacherRun.class),
          Map.entry("contextual-dmd", ContextualDmdRun.class),
          Map.entry(TrainingRun.STAGE, TrainingRun.class),
          Map.entry(GuidanceRun.STAGE, GuidanceRun.class),
          Map.entry("local-dmd", LocalDmdRun.class),
          Map.entry("ode-pairs", OdePairsRun.class),
          Map.entry("ode-regression", OdeRegressionRun.class),
          Map.entry("streaming-tuning", StreamingTuningRun.class));

  private RunFiles() {}

  /**
   * Reads a run file.
   *
   * @param settings values by dotted key, such as {@code vae.training.steps}
   * @throws IllegalArgumentException naming file and key, if one is unknown, absent or of a wrong
   *     type, or if values do not fit one another
   */
  public static Run read(Path file, Map<String, String> settings) {
    if (!Files.isRegularFile(file)) {
      throw new IllegalArgumentException("run file " + file + " does not exist; see recipes/");
    }
    try {
      return read(tree(file), settings);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
    }
  }

  private static ObjectNode tree(Path file) {
    try {
      if (mapper().readTree(file.toFile()) instanceof ObjectNode tree) {
        return tree;
      }
      throw new IllegalArgumentException("it is not a run file: it has no keys");
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("it is not a run file: " + Misread.of(e), e);
    } catch (IOException e) {
      throw new IllegalArgumentException("it cannot be read (" + e.getMessage() + ")", e);
    }
  }

  private static Run read(ObjectNode tree, Map<String, String> settings) {
    if (settings.containsKey(STAGE)) {
      set(tree, STAGE, settings.getOrDefault(STAGE, ""));
    }
    var type = type(tree);
    complete(tree, type); // so that every key can be set
    settings.forEach(
        (key, value) -> {
          set(tree, key, value);
          complete(tree, type); // it may be a whole record, whose keys can be set in turn
        });
    tree.remove(STAGE);
    RunKeys.check(tree, type);
    try {
      return mapper().treeToValue(tree, type);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(Misread.of(e, tree), e);
    }
  }

  private static Class<? extends Run> type(ObjectNode tree) {
    if (!tree.has(STAGE)) {
      throw new IllegalArgumentException(
          "key " + STAGE + " is missing; give one of " + new TreeSet<>(STAGES.keySet()));
    }
    var name = tree.get(STAGE).asText();
    var type = STAGES.get(name);
    if (type == null) {
      throw new IllegalArgumentException(
          "unknown " + STAGE + " '" + name + "'; give one of " + new TreeSet<>(STAGES.keySet()));
    }
    return type;
  }

  private static void complete(ObjectNode tree, Class<?> type) {
    RunKeys.complete(tree, type, value -> parsed("a key's usual value", value));
  }

  private static void set(ObjectNode tree, String key, String value) {
    if (key.isBlank()) {
      throw new IllegalArgumentException(
          "the setting '" + key + "=" + value + "' names no key; give KEY=VALUE");
    }
    JsonNode node = tree;
    var parts = key.split("\\.", -1);
    for (int i = 0; i < parts.length; i++) {
      if (node.isArray()) {
        var list = String.join(".", List.of(parts).subList(0, i));
        throw new IllegalArgumentException(
            "unknown key "
                + key
                + ": "
                + list
                + " is a list; give all of it, as "
                + list
                + "=[a, b]");
      }
      var child = node.get(parts[i]);
      if (child == null) {
        var known = new ArrayList<String>();
        node.fieldNames().forEachRemaining(known::add);
        throw RunKeys.unknown(key, parts[i], known);
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
      if (node.isMissingNode()) {
        throw new IllegalArgumentException(key + " is set to nothing; give a value after the =");
      }
      return node;
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          key + ": '" + value + "' is not a YAML value: " + Misread.of(e), e);
    }
  }

  private static ObjectMapper mapper() {
    return YAMLMapper.builder()
        .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
        .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
        .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
        .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
        .enable(DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
        .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
        .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
        .build();
  }
}
