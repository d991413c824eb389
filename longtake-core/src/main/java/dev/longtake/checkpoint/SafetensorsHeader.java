package dev.longtake.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.longtake.tensor.Dtype;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The table of contents of a safetensors file: eight bytes with the length of a JSON object, that
 * object, then the tensors without gaps.
 *
 * @param tensors by name, in the header's order
 * @param metadata free text by name
 */
record SafetensorsHeader(Map<String, TensorEntry> tensors, Map<String, String> metadata) {
  /** The key that holds text instead of a tensor. */
  static final String METADATA = "__metadata__";

  /** The format's own limit on the JSON's length. */
  static final int MOST_BYTES = 100_000_000;

  private static final int LENGTH_BYTES = 8;

  private static final Map<String, Dtype> DTYPES =
      Map.ofEntries(
          Map.entry("F64", Dtype.FLOAT64),
          Map.entry("F32", Dtype.FLOAT32),
          Map.entry("BF16", Dtype.BFLOAT16),
          Map.entry("F16", Dtype.FLOAT16),
          Map.entry("F8_E4M3", Dtype.FLOAT8_E4M3),
          Map.entry("F8_E5M2", Dtype.FLOAT8_E5M2),
          Map.entry("I64", Dtype.INT64),
          Map.entry("I32", Dtype.INT32),
          Map.entry("I16", Dtype.INT16),
          Map.entry("I8", Dtype.INT8),
          Map.entry("U8", Dtype.UINT8),
          Map.entry("BOOL", Dtype.BOOL));

  /** Twice the same name is an error here, where JSON libraries let the last one win. */
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  /** How the format spells a type. */
  static String spelling(Dtype dtype) {
    return DTYPES.entrySet().stream()
        .filter(entry -> entry.getValue() == dtype)
        .findFirst()
        .orElseThrow()
        .getKey();
  }

  /** Reads and checks the header, down to the last byte of the last tensor. */
  static SafetensorsHeader read(MappedFile file) {
    return new Reader(file).read();
  }

  /** Reads one file's header. */
  private record Reader(MappedFile file) {

    SafetensorsHeader read() {
      int length = length();
      long start = LENGTH_BYTES + length;
      var root = json(file.bytes(LENGTH_BYTES, length));
      Map<String, TensorEntry> tensors = new LinkedHashMap<>();
      Map<String, String> metadata = new LinkedHashMap<>();
      for (var property : root.properties()) {
        if (property.getKey().equals(METADATA)) {
          metadata.putAll(metadata(property.getValue()));
        } else {
          tensors.put(property.getKey(), entry(property.getKey(), property.getValue(), start));
        }
      }
      checkGapless(tensors, start);
      return new SafetensorsHeader(
          Collections.unmodifiableMap(tensors), Collections.unmodifiableMap(metadata));
    }

    private int length() {
      var kind = FileKind.of(file);
      if (kind != FileKind.OTHER) {
        throw bad("is not safetensors but " + kind.words());
      }
      if (file.size() < LENGTH_BYTES) {
        throw cutShort(LENGTH_BYTES, "the header's length alone takes that");
      }
      long length = file.i64(0);
      if (length < 2 || length > MOST_BYTES) {
        throw bad(
            "is not safetensors: its first bytes announce a header of "
                + Long.toUnsignedString(length)
                + " bytes, 2 to "
                + MOST_BYTES
                + " are possible; check that this is the right file");
      }
      if (length > file.size() - LENGTH_BYTES) {
        throw cutShort(LENGTH_BYTES + length, "the header alone takes that");
      }
      if (file.u8(LENGTH_BYTES) != '{') {
        throw bad("is not safetensors: its header does not start with '{'; check the file");
      }
      return (int) length;
    }

    private JsonNode json(byte[] bytes) {
      try {
        var text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        var root = JSON.readTree(text);
        if (!root.isObject()) {
          throw damaged("is not a JSON object");
        }
        return root;
      } catch (CharacterCodingException e) {
        throw damaged("is not UTF-8");
      } catch (JsonProcessingException e) {
        throw damaged("is not JSON (" + Misread.of(e) + ")");
      }
    }

    private Map<String, String> metadata(JsonNode node) {
      Map<String, String> metadata = new LinkedHashMap<>();
      for (var property : node.properties()) {
        if (!property.getValue().isTextual()) {
          throw damaged(
              "holds metadata "
                  + CheckpointException.quoted(property.getKey())
                  + " that is no text");
        }
        metadata.put(property.getKey(), property.getValue().textValue());
      }
      if (!node.isObject()) {
        throw damaged("has metadata that is no object");
      }
      return metadata;
    }

    private TensorEntry entry(String name, JsonNode node, long start) {
      var spelling = node.path("dtype").asText("");
      var dtype = DTYPES.get(spelling);
      if (dtype == null) {
        throw bad(
            "tensor "
                + CheckpointException.quoted(name)
                + " has type "
                + CheckpointException.quoted(spelling)
                + ", which is not supported; save it as one of "
                + DTYPES.keySet().stream().sorted().toList());
      }
      var shape = numbers(name, node.path("shape"), "shape");
      var offsets = numbers(name, node.path("data_offsets"), "data_offsets");
      if (shape.size() > TensorEntry.MOST_AXES) {
        throw damagedTensor(name, "has " + shape.size() + " axes");
      }
      if (offsets.size() != 2 || offsets.get(0) > offsets.get(1)) {
        throw damagedTensor(name, "has data_offsets " + offsets + ", not a begin and an end");
      }
      long bytes = bytes(name, dtype, shape);
      if (offsets.get(1) - offsets.get(0) != bytes) {
        throw damagedTensor(
            name,
            "of shape "
                + shape
                + " and type "
                + spelling
                + " takes "
                + bytes
                + " bytes, but "
                + (offsets.get(1) - offsets.get(0))
                + " are set aside");
      }
      if (offsets.get(1) > file.size() - start) {
        long end =
            offsets.get(1) > Long.MAX_VALUE - start ? Long.MAX_VALUE : start + offsets.get(1);
        throw cutShort(end, "tensor " + CheckpointException.quoted(name) + " ends there");
      }
      return new TensorEntry(dtype, shape, start + offsets.get(0), start + offsets.get(1));
    }

    private long bytes(String name, Dtype dtype, List<Long> shape) {
      try {
        return Math.multiplyExact(TensorEntry.count(shape), dtype.bytes());
      } catch (ArithmeticException e) {
        throw damagedTensor(name, "has shape " + shape + ", too large for any machine");
      }
    }

    private List<Long> numbers(String name, JsonNode node, String field) {
      List<Long> numbers = new ArrayList<>();
      for (var element : node) {
        boolean whole = element.isIntegralNumber() && element.canConvertToLong();
        if (!whole || element.longValue() < 0) {
          throw damagedTensor(name, "has a " + field + " that is not whole numbers from 0 up");
        }
        numbers.add(element.longValue());
      }
      if (!node.isArray()) {
        throw damagedTensor(name, "has no " + field);
      }
      return List.copyOf(numbers);
    }

    private void checkGapless(Map<String, TensorEntry> tensors, long start) {
      var order = new ArrayList<>(tensors.entrySet());
      order.sort(
          Comparator.comparingLong((Map.Entry<String, TensorEntry> e) -> e.getValue().begin())
              .thenComparingLong(e -> e.getValue().end()));
      long reached = start;
      for (var next : order) {
        long begin = next.getValue().begin();
        if (begin != reached) {
          throw damagedTensor(
              next.getKey(),
              begin < reached
                  ? "overlaps another: it begins at byte "
                      + begin
                      + ", the other ends at "
                      + reached
                  : "begins at byte " + begin + " where " + reached + " was next, leaving a gap");
        }
        reached = next.getValue().end();
      }
      if (reached != file.size()) {
        throw damaged("ends its last tensor at byte " + reached + " of " + file.size());
      }
    }

    private CheckpointException cutShort(long promised, String why) {
      return bad(
          "file is cut short: header promises "
              + promised
              + " bytes ("
              + why
              + "), "
              + file.size()
              + " are there; download it again");
    }

    private CheckpointException damagedTensor(String name, String what) {
      return bad(
          "file is damaged: tensor "
              + CheckpointException.quoted(name)
              + " "
              + what
              + "; download it again");
    }

    private CheckpointException damaged(String what) {
      return bad("file is damaged: the header " + what + "; download it again");
    }

    private CheckpointException bad(String what) {
      return new CheckpointException(file.name(), what);
    }
  }
}
