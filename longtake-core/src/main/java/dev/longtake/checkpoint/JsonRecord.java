package dev.longtake.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * Records as JSON files, their components in snake case. Reading is strict: every component must be
 * there, nothing else may be, and a record's own checks apply.
 */
public final class JsonRecord {
  private JsonRecord() {}

  /**
   * Reads a file.
   *
   * @param what the record is, for messages: "a model's configuration"
   * @throws CheckpointException if it cannot be read or is not such a record, naming the key
   */
  public static <T> T read(Path file, Class<T> type, String what) {
    try {
      return parse(file.toString(), Files.readString(file), type, what);
    } catch (IOException e) {
      throw new CheckpointException(
          file.toString(), "cannot be read (" + CheckpointException.because(e) + ")", e);
    }
  }

  /**
   * Reads text.
   *
   * @param where it is from, for messages
   * @param what the record is, for messages
   * @throws CheckpointException if it is not such a record, naming the key
   */
  public static <T> T parse(String where, String json, Class<T> type, String what) {
    try {
      return mapper().readValue(json, type);
    } catch (JsonProcessingException e) {
      throw new CheckpointException(where, "is not " + what + ": " + reason(e), e);
    }
  }

  /**
   * Writes a file; readers see the old one or the new one.
   *
   * @throws CheckpointException if it cannot be written
   */
  public static void write(Path file, Object record) {
    try {
      var json = mapper().writerWithDefaultPrettyPrinter().writeValueAsString(record);
      var bytes = ByteBuffer.wrap(json.getBytes(StandardCharsets.UTF_8));
      AtomicFile.write(file, out -> AtomicFile.writeAll(out, bytes));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("no record that JSON can hold: " + reason(e), e);
    }
  }

  private static String reason(IOException e) {
    var told = e.getCause() instanceof IllegalArgumentException refused ? refused : e;
    var line = String.valueOf(told.getMessage()).lines().findFirst().orElse("");
    var keys =
        e instanceof JsonMappingException mapping
            ? mapping.getPath().stream()
                .map(JsonMappingException.Reference::getFieldName)
                .filter(Objects::nonNull) // as for the entries of a list
                .toList()
            : List.<String>of();
    // In brackets the parser says which of its settings to change: no help with a file.
    return (keys.isEmpty() ? "" : keys.getLast() + ": ")
        + line.replaceFirst(" \\((index|set) .*", "")
            .replaceFirst("Missing creator property '.*'", "is missing");
  }

  private static JsonMapper mapper() {
    return JsonMapper.builder()
        .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
        .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
        .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
        .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
        .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
        .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
        .build();
  }
}
