package dev.longtake.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.longtake.tensor.Scope;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
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

  static void write(Path path, TensorFile tensors, Map<String, String> metadata) {
    if (tensors.names().contains(SafetensorsHeader.METADATA)) {
      throw new IllegalArgumentException(
          "no tensor can be named " + SafetensorsHeader.METADATA + ": give it another name");
    }
    var order = new ArrayList<>(tensors.names());
    order.sort(Comparator.comparingInt(name -> -tensors.dtype(name).bytes()));
    byte[] header = header(tensors, order, metadata);
    AtomicFile.write(
        path,
        out -> {
          var length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
          AtomicFile.writeAll(out, length.putLong(header.length).flip());
          AtomicFile.writeAll(out, ByteBuffer.wrap(header));
          for (var name : order) {
            writeElements(out, tensors, name);
          }
        });
  }

  private static byte[] header(
      TensorFile tensors, List<String> order, Map<String, String> metadata) {
    Map<String, Object> root = new LinkedHashMap<>();
    if (!metadata.isEmpty()) {
      root.put(SafetensorsHeader.METADATA, metadata);
    }
    long offset = 0;
    for (var name : order) {
      long end = offset + tensors.bytes(name);
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put("dtype", SafetensorsHeader.spelling(tensors.dtype(name)));
      fields.put("shape", tensors.shape(name));
      fields.put("data_offsets", new long[] {offset, end});
      root.put(name, fields);
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

  /** A tensor's elements, row after row. No other tensor is in memory meanwhile. */
  static void writeElements(WritableByteChannel out, TensorFile tensors, String name)
      throws IOException {
    try (var whole = Scope.open()) {
      var tensor = tensors.read(name);
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
}
