package dev.longtake.recipes;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Map;
import java.util.Objects;
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
          Map.entry("from-nothing", TrainingRun.class),
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
      if (!(mapper().readTree(file.toFile()) instanceof ObjectNode tree)) {
        throw new IllegalArgumentException("it is not a run file: it has no keys");
      }
      if (settings.containsKey(STAGE)) {
        set(tree, STAGE, settings.getOrDefault(STAGE, ""));
      }
      var type = type(tree);
      complete(tree, type); // so that every key can be set
      settings.forEach((key, value) -> set(tree, key, value));
      complete(tree, type); // a setting may be a whole record
      tree.remove(STAGE);
      RunKeys.check(tree, type);
      return mapper().treeToValue(tree, type);
    } catch (JsonMappingException e) {
      throw new IllegalArgumentException(file + ": " + path(e) + reason(e), e);
    } catch (IOException e) {
      throw new IllegalArgumentException(file + " is not a run file: " + firstLine(e), e);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
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
    JsonNode node = tree;
    var parts = key.split("\\.", -1);
    for (int i = 0; i < parts.length; i++) {
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
    } catch (IOException e) {
      throw new IllegalArgumentException(
          key + ": '" + value + "' is not a YAML value: " + firstLine(e), e);
    }
  }

  private static String path(JsonMappingException e) {
    var parts = new ArrayList<String>();
    for (var reference : e.getPath()) {
      parts.add(
          Objects.requireNonNullElse(
              reference.getFieldName(), Integer.toString(reference.getIndex())));
    }
    return parts.isEmpty() ? "" : String.join(".", parts) + ": "; // empty: the file as a whole
  }

  private static String reason(JsonMappingException e) {
    var cause = e.getCause();
    return cause instanceof IllegalArgumentException && cause.getMessage() != null
        ? cause.getMessage()
        : firstLine(e);
  }

  /** What is wrong, without the parser's excerpt of the file below it. */
  private static String firstLine(IOException e) {
    var told = e instanceof JsonProcessingException parsing ? parsing.getOriginalMessage() : null;
    return Objects.requireNonNullElse(told, String.valueOf(e.getMessage()))
        .lines()
        .findFirst()
        .orElse("")
        .replaceFirst(" \\((index|set) .*", ""); // which of the parser's settings to change
  }

  private static ObjectMapper mapper() {
    return YAMLMapper.builder()
        .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
        .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
        .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
        .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
        .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
        .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
        .build();
  }
}
