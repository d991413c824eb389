package dev.longtake.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

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
    JsonNode tree = MissingNode.getInstance();
    try {
      tree = mapper().readTree(json);
      if (tree.isMissingNode() || tree.isNull()) {
        throw new CheckpointException(where, "is not " + what + ": it is empty");
      }
      return mapper().treeToValue(tree, type);
    } catch (JsonProcessingException e) {
      throw new CheckpointException(where, "is not " + what + ": " + Misread.of(e, tree), e);
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
      throw new IllegalArgumentException("no record that JSON can hold: " + Misread.of(e), e);
    }
  }

  private static JsonMapper mapper() {
    return JsonMapper.builder()
        .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
        .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
        .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
        .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
        .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
        .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
        .enable(DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
        .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
        .build();
  }
}
