package dev.longtake.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.longtake.tensor.Device;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Where a checkpoint comes from: enough to make it again.
 *
 * <p>It travels inside a safetensors file as the metadata entry {@value #KEY}, or beside other
 * files as {@value #FILE_NAME}. As JSON it is one object with these components as keys.
 *
 * @param config the run's whole configuration: maps, lists, text, numbers; {@link #tree} makes it
 *     from a record
 * @param seed the run's seed, from which all others are mixed
 * @param step training steps done; 0 for an untrained model
 * @param commit the version-control revision of the code; empty if unknown
 * @param data what was trained on, in words or as a hash; empty if nothing
 * @param losses the last losses by name, as numbers; NaN stays NaN
 * @param versions versions by name, such as {@link #versionsHere}
 * @param created when it was written
 */
public record Manifest(
    Map<String, Object> config,
    long seed,
    long step,
    String commit,
    String data,
    Map<String, Double> losses,
    Map<String, String> versions,
    Instant created) {
  /** The metadata entry of a safetensors file that holds a manifest. */
  public static final String KEY = "longtake.manifest";

  /** What a manifest beside a checkpoint is called. */
  public static final String FILE_NAME = "manifest.json";

  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  /**
   * Copies the maps.
   *
   * @throws IllegalArgumentException if the step is negative
   */
  public Manifest {
    if (step < 0) {
      throw new IllegalArgumentException("step must be at least 0, not " + step);
    }
    config = Map.copyOf(config);
    losses = Map.copyOf(losses);
    versions = Map.copyOf(versions);
  }

  /** Any record, or tree of them, as maps, lists, text and numbers. */
  public static Map<String, Object> tree(Object config) {
    return JSON.convertValue(config, new TypeReference<Map<String, Object>>() {});
  }

  /** What this process runs on: Java, system, and the natives' name. */
  public static Map<String, String> versionsHere() {
    return Map.of(
        "java", Runtime.version().toString(),
        "os", System.getProperty("os.name") + " " + System.getProperty("os.arch"),
        "natives", Device.natives());
  }

  /** As the metadata of a safetensors file. */
  public Map<String, String> metadata() {
    return Map.of(KEY, toJson());
  }

  /**
   * The manifest in a safetensors file, if it has one.
   *
   * @throws CheckpointException if it has one that cannot be read
   */
  public static Optional<Manifest> of(Safetensors file) {
    return Optional.ofNullable(file.metadata().get(KEY))
        .map(json -> fromJson(file.description() + " (" + KEY + ")", json));
  }

  /**
   * Writes {@value #FILE_NAME} into a folder, whole or not at all.
   *
   * @throws CheckpointException if it cannot be written
   */
  public void write(Path folder) {
    var bytes = ByteBuffer.wrap(toJson().getBytes(StandardCharsets.UTF_8));
    AtomicFile.write(folder.resolve(FILE_NAME), out -> AtomicFile.writeAll(out, bytes));
  }

  /**
   * Reads {@value #FILE_NAME} from a folder.
   *
   * @throws CheckpointException if it is absent or cannot be read
   */
  public static Manifest read(Path folder) {
    var path = folder.resolve(FILE_NAME);
    try {
      return fromJson(path.toString(), Files.readString(path));
    } catch (IOException e) {
      throw new CheckpointException(
          path.toString(), "cannot be read (" + CheckpointException.because(e) + ")", e);
    }
  }

  private String toJson() {
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("config", config);
    root.put("seed", seed);
    root.put("step", step);
    root.put("commit", commit);
    root.put("data", data);
    root.put("losses", losses);
    root.put("versions", versions);
    root.put("created", created.toString());
    try {
      return JSON.writeValueAsString(root);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "config holds something that is no map, list, text or number: " + e.getMessage(), e);
    }
  }

  private static Manifest fromJson(String where, String json) {
    try {
      var root = JSON.readTree(json);
      return new Manifest(
          tree(field(root, "config")),
          field(root, "seed").longValue(),
          field(root, "step").longValue(),
          field(root, "commit").asText(),
          field(root, "data").asText(),
          JSON.convertValue(field(root, "losses"), new TypeReference<Map<String, Double>>() {}),
          JSON.convertValue(field(root, "versions"), new TypeReference<Map<String, String>>() {}),
          Instant.parse(field(root, "created").asText()));
    } catch (JsonProcessingException | IllegalArgumentException | DateTimeException e) {
      throw new CheckpointException(
          where,
          "is no manifest (" + CheckpointException.because(e) + "); restore or delete it",
          e);
    }
  }

  private static JsonNode field(JsonNode root, String name) {
    var field = root.path(name);
    if (field.isMissingNode() || field.isNull()) {
      throw new IllegalArgumentException("it has no " + name);
    }
    return field;
  }
}
