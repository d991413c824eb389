package dev.longtake.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Lays out and writes a safetensors file. */
final class SafetensorsWriter {
  /** How much of a tensor is brought into Java's memory at a time. */
  private static final long PIECE_BYTES = 16 << 20;

  private SafetensorsWriter() {}

  static void write(Path path, Map<String, Tensor> tensors, Map<String, String> metadata) {
    if (tensors.containsKey(SafetensorsHeader.METADATA)) {
      throw new IllegalArgumentException(
          "no tensor can be named " + SafetensorsHeader.METADATA + ": give it another name");
    }
    List<Map.Entry<String, Tensor>> order = new ArrayList<>(tensors.entrySet());
    order.sort(Comparator.comparingInt(e -> -e.getValue().dtype().bytes()));
    byte[] header = header(order, metadata);
    AtomicFile.write(
        path,
        out -> {
          var length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
          AtomicFile.writeAll(out, length.putLong(header.length).flip());
          AtomicFile.writeAll(out, ByteBuffer.wrap(header));
          for (var entry : order) {
            writeElements(out, entry.getValue());
          }
        });
  }

  private static byte[] header(
      List<Map.Entry<String, Tensor>> order, Map<String, String> metadata) {
    Map<String, Object> root = new LinkedHashMap<>();
    if (!metadata.isEmpty()) {
      root.put(SafetensorsHeader.METADATA, metadata);
    }
    long offset = 0;
    for (var entry : order) {
      var tensor = entry.getValue();
      long end = offset + tensor.count() * tensor.dtype().bytes();
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put("dtype", SafetensorsHeader.spelling(tensor.dtype()));
      fields.put("shape", tensor.shape());
      fields.put("data_offsets", new long[] {offset, end});
      root.put(entry.getKey(), fields);
      offset = end;
    }
    return padded(json(root));
  }

  private static byte[] json(Map<String, Object> root) {
    try {
      return new ObjectMapper().writeValueAsString(root).getBytes(StandardCharsets.UTF_8);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("a name or metadata is no text: " + e.getMessage(), e);
    }
  }

  /** Spaces at the end let the first tensor start at a multiple of eight. */
  private static byte[] padded(byte[] json) {
    if (json.length > SafetensorsHeader.MOST_BYTES - 8) {
      throw new IllegalArgumentException(
          "names and metadata take "
              + json.length
              + " bytes, at most "
              + SafetensorsHeader.MOST_BYTES
              + " fit a safetensors header: shorten the metadata");
    }
    byte[] header = Arrays.copyOf(json, (json.length + 7) / 8 * 8);
    Arrays.fill(header, json.length, header.length, (byte) ' ');
    return header;
  }

  private static void writeElements(FileChannel out, Tensor tensor) throws IOException {
    long count = tensor.count();
    long step = PIECE_BYTES / tensor.dtype().bytes();
    for (long start = 0; start < count; start += step) {
      try (var scope = Scope.open()) {
        var flat = tensor.detach().contiguous().reshape(count);
        var piece = flat.narrow(0, start, Math.min(step, count - start));
        AtomicFile.writeAll(out, ByteBuffer.wrap(piece.toBytes()));
      }
    }
  }
}
