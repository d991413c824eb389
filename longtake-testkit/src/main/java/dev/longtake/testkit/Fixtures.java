package dev.longtake.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The folder of reference outputs, named by the system property {@value #PROPERTY}; the Maven build
 * sets it to {@code longtake-testkit/fixtures/reference-tiny}.
 */
public final class Fixtures {
  /** The system property that names the folder. */
  public static final String PROPERTY = "longtake.fixtures";

  private Fixtures() {}

  /**
   * The folder.
   *
   * @throws AssertionError with the remedy, if the property is not set or names no folder
   */
  public static Path folder() {
    var given = System.getProperty(PROPERTY, "");
    if (given.isBlank()) {
      throw new AssertionError(
          "the system property "
              + PROPERTY
              + " is not set: run the tests through Maven, or give"
              + " -D"
              + PROPERTY
              + "=<checkout>/longtake-testkit/fixtures/reference-tiny");
    }
    var folder = Path.of(given);
    if (!Files.isDirectory(folder)) {
      throw new AssertionError(
          "no folder "
              + folder.toAbsolutePath()
              + ": restore the reference outputs from version control, or give -D"
              + PROPERTY
              + "=<folder of the same layout>");
    }
    return folder;
  }

  /**
   * A file of the folder.
   *
   * @throws AssertionError with the remedy, if it is not there
   */
  public static Path file(String name) {
    var file = folder().resolve(name);
    if (!Files.isRegularFile(file)) {
      throw new AssertionError(
          "no reference output "
              + file.toAbsolutePath()
              + ": restore it from version control, or point -D"
              + PROPERTY
              + " at a folder that has it");
    }
    return file;
  }

  /** The sizes of the tiny models: {@code config().at("/dit/dim").asInt()}. */
  public static JsonNode config() {
    try {
      return new ObjectMapper().readTree(file("config.json").toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
