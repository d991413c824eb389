package dev.longtake.eval;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;

/** Results as files: records as JSON with keys in snake case, and text. */
public final class ResultFile {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .build();

  private ResultFile() {}

  /**
   * Writes a record, whole or not at all; folders are made.
   *
   * @throws EvaluationException if the file cannot be written
   */
  public static void write(Path file, Record result) {
    writeText(file, json(result));
  }

  /** A record as {@link #write} writes it, with a line break at the end. */
  public static String json(Record result) {
    try {
      return MAPPER.writeValueAsString(result) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("records are made to be written: " + result, e);
    }
  }

  /**
   * Reads what {@link #write} wrote.
   *
   * @throws EvaluationException if the file is absent or of another kind
   */
  public static <R extends Record> R read(Path file, Class<R> kind) {
    try {
      return MAPPER.readValue(file.toFile(), kind);
    } catch (IOException e) {
      throw new EvaluationException(
          String.format(Locale.ROOT, "%s is no %s: %s", file, kind.getSimpleName(), e.getMessage()),
          e);
    }
  }

  /**
   * Writes text as UTF-8, whole or not at all; folders are made.
   *
   * @throws EvaluationException if the file cannot be written
   */
  public static void writeText(Path file, String text) {
    try {
      var folder = file.toAbsolutePath().getParent();
      Files.createDirectories(folder);
      var temporary = Files.createTempFile(folder, ".result", ".tmp");
      try {
        Files.writeString(temporary, text);
        Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(temporary);
      }
    } catch (IOException e) {
      throw new EvaluationException(
          String.format(
              Locale.ROOT,
              "%s cannot be written (%s); free space there or choose another folder",
              file,
              e.getMessage()),
          e);
    }
  }
}
