package dev.longtake.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.exc.InputCoercionException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.longtake.tensor.Dtype;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What is wrong with a file of keys and values, JSON or YAML, in words for whoever wrote it: the
 * key, the value, and what is wanted. The parser's own messages name Java's types and the parser's
 * settings.
 */
public final class Misread {
  private static final int LONGEST = 60;
  private static final Set<Class<?>> WHOLE =
      Set.of(int.class, Integer.class, long.class, Long.class, short.class, byte.class);
  private static final Set<Class<?>> REAL =
      Set.of(double.class, Double.class, float.class, Float.class);
  private static final Pattern TWICE = Pattern.compile("Duplicate (?:field|key) '(.*?)'.*");

  private Misread() {}

  /** In a text of which no tree could be made. */
  public static String of(JsonProcessingException e) {
    return of(e, MissingNode.getInstance());
  }

  /**
   * In a tree of which no record could be made.
   *
   * @param tree that was read, to tell the value
   */
  public static String of(JsonProcessingException e, JsonNode tree) {
    var twice = TWICE.matcher(firstLine(e));
    if (twice.matches()) {
      return "key " + CheckpointException.quoted(twice.group(1)) + " is there twice; leave one";
    }
    if (!(e instanceof JsonMappingException mapping) || firstLine(e).startsWith("Trailing token")) {
      return syntax(e);
    }
    var key = key(mapping);
    if (refusal(e) instanceof IllegalArgumentException refused) {
      return (key.isEmpty() ? "" : key + ": ") + refused.getMessage();
    }
    var subject = key.isEmpty() ? "it" : key;
    if (e instanceof UnrecognizedPropertyException unknown) {
      return subject + " is no key here; there are " + known(unknown.getKnownPropertyIds());
    }
    if (firstLine(e).startsWith("Missing ")) {
      return subject + " is missing";
    }
    var wanted = wanted(type(e), value(mapping, tree));
    return subject + " is " + said(value(mapping, tree)) + (wanted.isEmpty() ? "" : "; " + wanted);
  }

  /** What a record itself said of its values. */
  private static @Nullable Throwable refusal(JsonProcessingException e) {
    var cause = e.getCause();
    return cause instanceof IllegalArgumentException && cause.getMessage() != null ? cause : null;
  }

  private static String key(JsonMappingException e) {
    return e.getPath().stream()
        .map(
            part ->
                part.getFieldName() == null
                    ? Integer.toString(part.getIndex())
                    : part.getFieldName())
        .collect(Collectors.joining("."));
  }

  private static JsonNode value(JsonMappingException e, JsonNode tree) {
    JsonNode node = tree;
    for (var part : e.getPath()) {
      node =
          part.getFieldName() == null ? node.path(part.getIndex()) : node.path(part.getFieldName());
    }
    return node;
  }

  private static String said(JsonNode value) {
    if (value.isTextual()) {
      var text = value.textValue();
      return "'" + (text.length() > LONGEST ? text.substring(0, LONGEST) + "…" : text) + "'";
    }
    return switch (value.getNodeType()) {
      case ARRAY -> "a list";
      case OBJECT -> "keys and values";
      case MISSING -> "of the wrong kind";
      default -> value.toString();
    };
  }

  private static @Nullable Class<?> type(JsonProcessingException e) {
    return switch (e) {
      case MismatchedInputException mismatched -> mismatched.getTargetType();
      case JsonMappingException mapping
          when mapping.getCause() instanceof InputCoercionException overflow ->
          overflow.getTargetType();
      default -> null;
    };
  }

  /** What to give; empty if that is not known. */
  private static String wanted(@Nullable Class<?> type, JsonNode given) {
    if (type == null) {
      return "";
    }
    if (WHOLE.contains(type)) {
      return given.isIntegralNumber() ? "give a whole number nearer to 0" : "give a whole number";
    }
    if (REAL.contains(type)) {
      return "give a number";
    }
    if (type == boolean.class || type == Boolean.class) {
      return "give true or false";
    }
    if (type.isEnum()) {
      return "give " + choices(type);
    }
    if (Collection.class.isAssignableFrom(type) || type.isArray()) {
      return "give a list";
    }
    if (Map.class.isAssignableFrom(type)) {
      return "give keys and values";
    }
    if (type.isRecord()) {
      return "give keys and values for "
          + Arrays.stream(type.getRecordComponents())
              .map(RecordComponent::getName)
              .map(SnakeCaseStrategy.INSTANCE::translate)
              .collect(Collectors.joining(", "));
    }
    return "give text";
  }

  private static String choices(Class<?> type) {
    return Stream.of(type.getEnumConstants())
        .filter(choice -> !(choice instanceof Dtype dtype) || dtype.isFloat() && dtype.bytes() > 1)
        .map(choice -> ((Enum<?>) choice).name().toLowerCase(Locale.ROOT))
        .collect(Collectors.joining(" or "));
  }

  private static String known(@Nullable Collection<Object> keys) {
    return keys == null
        ? "none"
        : keys.stream().map(Object::toString).collect(Collectors.joining(", "));
  }

  private static String syntax(JsonProcessingException e) {
    var place = e.getLocation();
    var where =
        place == null || place.getLineNr() < 1
            ? ""
            : "line " + place.getLineNr() + ", column " + place.getColumnNr() + ": ";
    if (e instanceof JsonEOFException) {
      return where + "it ends in the middle; close brackets and quotes, or get the whole file";
    }
    if (firstLine(e).startsWith("Trailing token")) {
      return where + "there is more after its end; delete that";
    }
    return where
        + message(e)
            .lines()
            .filter(line -> !line.isBlank() && !line.startsWith(" ")) // below is an excerpt
            .collect(Collectors.joining(", "))
            .replaceAll(" ?\\(code \\d+[^)]*\\)", "")
            .replaceFirst(" \\((for|index|set|start marker) .*", "");
  }

  private static String firstLine(JsonProcessingException e) {
    return message(e).lines().findFirst().orElse("");
  }

  private static String message(JsonProcessingException e) {
    var told = e.getOriginalMessage(); // without the place, which names the parser's settings
    return told == null ? e.getClass().getSimpleName() : told;
  }
}
