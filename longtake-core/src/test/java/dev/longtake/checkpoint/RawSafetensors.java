package dev.longtake.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes safetensors files with headers that the product's own writer would never make. */
final class RawSafetensors {
  private RawSafetensors() {}

  static Path write(Path path, String header, int dataBytes) throws IOException {
    return write(path, header.getBytes(StandardCharsets.UTF_8), dataBytes);
  }

  static Path write(Path path, byte[] header, int dataBytes) throws IOException {
    var bytes = ByteBuffer.allocate(8 + header.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(header.length).put(header);
    return Files.write(path, bytes.array());
  }
}
