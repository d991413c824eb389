package dev.longtake.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.checkpoint.Manifest;
import dev.longtake.checkpoint.ShardedSafetensors;
import dev.longtake.checkpoint.TensorFile;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.ModelPart;
import dev.longtake.rollout.ModelParts;
import dev.longtake.text.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * A model on disk, looked at but not loaded: everything that can be wrong with it and costs little
 * to find.
 *
 * @param path the folder
 * @param parts its files
 * @param config its configuration
 * @param manifest where its transformer comes from, if the file says so
 * @param choices what else was chosen to make the model, by name
 */
record ModelFolder(
    Path path,
    ModelParts parts,
    ModelConfig config,
    Optional<JsonNode> manifest,
    Map<String, String> choices) {
  private static final String BUNDLED = "models/longtake-mini";

  /** The model that comes with Longtake; the start script says where that is. */
  static Path bundled() {
    return Path.of(System.getProperty("longtake.home", "."), BUNDLED);
  }

  /**
   * Reads the configuration and the head of each file of weights in a folder of our own layout.
   *
   * @throws CheckpointException if a file is absent, cut short or of another kind
   */
  static ModelFolder inspect(Path folder) {
    return of(folder, ModelParts.in(folder), Map.of());
  }

  /**
   * Reads the head of each of a model's files.
   *
   * @throws CheckpointException if one is absent, cut short or of another kind
   */
  static ModelFolder of(Path folder, ModelParts parts, Map<String, String> choices) {
    parts.requireWhole();
    var config = parts.config();
    Optional<JsonNode> manifest = Optional.empty();
    for (var part : ModelPart.values()) {
      try (var file = parts.open(part)) {
        if (part == ModelPart.TRANSFORMER) {
          manifest = manifest(file.tensors());
        }
      }
    }
    parts.openTiny().ifPresent(tiny -> tiny.weights().close());
    return new ModelFolder(folder, parts, config, manifest, choices);
  }

  /**
   * Refuses prompts that the model cannot read.
   *
   * @return what of them the model will not understand, in a sentence each and each once
   * @throws IllegalArgumentException if one is empty, or too long and not to be cut
   */
  List<String> check(List<String> prompts) {
    try (var tokenizer = Tokenizer.open(parts.tokenizer(), config.transformer().textLen())) {
      return prompts.stream()
          .distinct()
          .flatMap(prompt -> check(tokenizer, prompt).stream())
          .distinct()
          .toList();
    }
  }

  private static List<String> check(Tokenizer tokenizer, String prompt) {
    tokenizer.check(prompt);
    var warnings = new ArrayList<String>();
    var unknown = tokenizer.unknown(prompt);
    if (!unknown.isEmpty()) {
      warnings.add("the model does not know: " + String.join(", ", unknown));
    }
    int unread = tokenizer.unread(prompt);
    if (unread > 0) {
      warnings.add(
          String.format(
              Locale.ROOT,
              "the model reads %d tokens, the last %d of the prompt are left out",
              tokenizer.maxLength(),
              unread));
    }
    return warnings;
  }

  /**
   * What tells this model's transformer from any other: of its files, one after the other.
   *
   * @throws CheckpointException if one cannot be read
   */
  String sha256() {
    var file = parts.file(ModelPart.TRANSFORMER);
    var files =
        file.toString().endsWith(ShardedSafetensors.ENDING)
            ? ShardedSafetensors.files(file)
            : List.of(file);
    try {
      var digest = MessageDigest.getInstance("SHA-256");
      for (var each : files) {
        try (InputStream in = new DigestInputStream(Files.newInputStream(each), digest)) {
          in.transferTo(OutputStream.nullOutputStream());
        }
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (IOException | NoSuchAlgorithmException e) {
      throw new CheckpointException(file.toString(), "cannot be read: " + e.getMessage(), e);
    }
  }

  private static Optional<JsonNode> manifest(TensorFile transformer) {
    var text = transformer.metadata().get(Manifest.KEY);
    if (text == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(Json.parse(text));
    } catch (JsonProcessingException e) {
      throw new CheckpointException(
          transformer.description(), "has a " + Manifest.KEY + " that is not JSON", e);
    }
  }
}
