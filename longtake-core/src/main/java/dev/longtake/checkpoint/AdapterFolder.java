package dev.longtake.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.longtake.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A low-rank adapter as Python's peft keeps it: {@value #WEIGHTS} with two factors for each adapted
 * weight, and {@value #CONFIG} with their sizes.
 *
 * @param sizes rank and strength
 * @param targets the last parts of the adapted linears' names, such as {@code q} and {@code ffn.0}
 * @param factors the file of factors
 */
public record AdapterFolder(LowRank sizes, List<String> targets, Safetensors factors)
    implements AutoCloseable {
  /** The file of factors. */
  public static final String WEIGHTS = "adapter_model.safetensors";

  /** The file of sizes. */
  public static final String CONFIG = "adapter_config.json";

  private static final String KIND = "LORA";
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  /** Copies the list. */
  public AdapterFolder {
    targets = List.copyOf(targets);
  }

  /** The key of the factor A, [rank, in], of a linear's weight {@code X.weight}. */
  public static String keyOfA(String weight) {
    return key(weight, "A");
  }

  /** The key of the factor B, [out, rank], of a linear's weight {@code X.weight}. */
  public static String keyOfB(String weight) {
    return key(weight, "B");
  }

  private static String key(String weight, String factor) {
    return "base_model.model." + linear(weight) + ".lora_" + factor + ".weight";
  }

  /** The name of a linear without {@code .weight}. */
  public static String linear(String weight) {
    return weight.replaceFirst("\\.weight$", "");
  }

  /**
   * Writes both files; the sizes come last, so that where they are, the factors are.
   *
   * @param factors by {@link #keyOfA} and {@link #keyOfB}
   * @throws CheckpointException if they cannot be written
   */
  public static void write(
      Path folder, Map<String, Tensor> factors, LowRank sizes, List<String> targets) {
    Safetensors.write(folder.resolve(WEIGHTS), factors, Map.of("format", "pt"));
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("peft_type", KIND);
    root.put("r", sizes.rank());
    root.put("lora_alpha", sizes.alpha());
    root.put("target_modules", targets);
    root.put("lora_dropout", 0.0);
    root.put("bias", "none");
    try {
      var text = JSON.writeValueAsString(root);
      var bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
      AtomicFile.write(folder.resolve(CONFIG), out -> AtomicFile.writeAll(out, bytes));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("a target is no text: " + e.getMessage(), e);
    }
  }

  /**
   * Opens what {@link #write}, or peft, left.
   *
   * @throws CheckpointException if a file is absent or damaged, or it is another kind of adapter
   */
  public static AdapterFolder open(Path folder) {
    var path = folder.resolve(CONFIG);
    JsonNode root;
    try {
      root = JSON.readTree(Files.readString(path));
    } catch (IOException e) {
      throw new CheckpointException(
          path.toString(), "cannot be read (" + CheckpointException.because(e) + ")", e);
    }
    if (!root.path("peft_type").asText().equals(KIND)
        || !root.path("r").isInt()
        || !root.path("lora_alpha").isNumber()
        || !root.path("target_modules").isArray()) {
      throw new CheckpointException(
          path.toString(),
          "is not of an adapter with peft_type LORA, r, lora_alpha and a list of target_modules;"
              + " give the folder of such a one");
    }
    var sizes = new LowRank(root.path("r").intValue(), root.path("lora_alpha").doubleValue());
    var targets = JSON.convertValue(root.path("target_modules"), String[].class);
    return new AdapterFolder(sizes, List.of(targets), Safetensors.open(folder.resolve(WEIGHTS)));
  }

  @Override
  public void close() {
    factors.close();
  }
}
