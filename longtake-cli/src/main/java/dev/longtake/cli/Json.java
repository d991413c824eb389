package dev.longtake.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.longtake.media.MediaException;
import dev.longtake.media.TextFile;
import java.nio.file.Path;

/** JSON for programs that read what a command did. */
final class Json {
  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private Json() {}

  static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  static JsonNode parse(String text) throws JsonProcessingException {
    return MAPPER.readTree(text);
  }

  /** A JSON text that this program wrote. */
  static JsonNode ours(String text) {
    try {
      return MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("wrote what is not JSON: " + text, e);
    }
  }

  static String text(JsonNode node) {
    return node.toPrettyString();
  }

  /**
   * Writes a file, whole or not at all.
   *
   * @throws MediaException if it cannot be written
   */
  static void write(Path file, JsonNode node) {
    TextFile.write(file, text(node) + "\n");
  }
}
