package dev.longtake.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.checkpoint.Manifest;
import dev.longtake.checkpoint.Safetensors;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.VideoModel;
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
import java.util.Optional;

/**
 * A model on disk, looked at but not loaded: everything that can be wrong with it and costs little
 * to find.
 *
 * @param path the folder
 * @param config its configuration
 * @param manifest where its transformer comes from, if the file says so
 */
record ModelFolder(Path path, ModelConfig config, Optional<JsonNode> manifest) {
  private static final String BUNDLED = "models/longtake-mini";

  /** The model that comes with Longtake; the start script says where that is. */
  static Path bundled() {
    return Path.of(System.getProperty("longtake.home", "."), BUNDLED);
  }

  /**
   * Reads the configuration and the head of each file of weights.
   *
   * @throws CheckpointException if a file is absent, cut short or of another kind
   */
  static ModelFolder inspect(Path folder) {
    var config = ModelConfig.read(folder);
    var weights = List.of(VideoModel.TRANSFORMER, VideoModel.VAE, VideoModel.TEXT_ENCODER);
    for (var name : weights) {
      require(folder, name);
    }
    require(folder, VideoModel.TOKENIZER);
    Optional<JsonNode> manifest = Optional.empty();
    for (var name : weights) {
      try (var file = Safetensors.open(folder.resolve(name))) {
        if (name.equals(VideoModel.TRANSFORMER)) {
          manifest = manifest(file);
        }
      }
    }
    return new ModelFolder(folder, config, manifest);
  }

  /**
   * Refuses a prompt that the model cannot read.
   *
   * @return what of it the model will not understand, in a sentence each, if anything
   * @throws IllegalArgumentException if it is empty, or too long and not to be cut
   */
  List<String> check(String prompt) {
    var file = path.resolve(VideoModel.TOKENIZER);
    try (var tokenizer = Tokenizer.open(file, config.transformer().textLen())) {
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
  }

  /**
   * What tells this model's transformer from any other.
   *
   * @throws CheckpointException if the file cannot be read
   */
  String sha256() {
    var file = path.resolve(VideoModel.TRANSFORMER);
    try (InputStream in =
        new DigestInputStream(Files.newInputStream(file), MessageDigest.getInstance("SHA-256"))) {
      in.transferTo(OutputStream.nullOutputStream());
      return HexFormat.of().formatHex(((DigestInputStream) in).getMessageDigest().digest());
    } catch (IOException | NoSuchAlgorithmException e) {
      throw new CheckpointException(file.toString(), "cannot be read: " + e.getMessage(), e);
    }
  }

  private static void require(Path folder, String name) {
    if (!Files.isRegularFile(folder.resolve(name))) {
      throw new CheckpointException(
          folder.toString(), "lacks " + name + "; copy the whole model folder again");
    }
  }

  private static Optional<JsonNode> manifest(Safetensors transformer) {
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
