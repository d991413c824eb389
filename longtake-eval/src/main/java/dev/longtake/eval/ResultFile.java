package dev.longtake.eval;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.longtake.media.MediaException;
import dev.longtake.media.TextFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
      Files.createDirectories(file.toAbsolutePath().getParent());
      TextFile.write(file, text);
    } catch (IOException | MediaException e) {
      throw new EvaluationException(
          String.format(
              Locale.ROOT,
              "%s cannot be written (%s); free space there or choose another folder",
              file,
              e.getMessage()),
          e);
    }
  }

  /**
   * Refuses a file that can be seen to be unwritable, before anything is measured.
   *
   * @throws EvaluationException if it is a folder, or its own cannot be made or written to
   */
  public static void requireWritable(Path file) {
    if (Files.isDirectory(file)) {
      throw new EvaluationException(file + " is a folder; give the name of a file");
    }
    requireFolder(file.toAbsolutePath().resolveSibling(""));
  }

  /**
   * Refuses a folder for results that can be seen to be unwritable, before anything is measured.
   *
   * @throws EvaluationException if it is a file, or cannot be made or written to
   */
  public static void requireFolder(Path folder) {
    var there = folder.toAbsolutePath();
    while (there != null && !Files.exists(there)) {
      there = there.getParent();
    }
    if (there == null || !Files.isDirectory(there) || !Files.isWritable(there)) {
      throw new EvaluationException(
          String.format(
              Locale.ROOT,
              "results cannot go to %s: %s is %s; choose another folder",
              folder,
              there,
              there != null && Files.isDirectory(there) ? "closed to this user" : "no folder"));
    }
  }
}
