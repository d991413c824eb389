package dev.longtake.checkpoint;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Zip archives laid out as torch.save lays them out. */
final class PtArchive {
  private final Map<String, byte[]> entries = new LinkedHashMap<>();
  private final String folder;

  PtArchive(String folder, byte[] pickle) {
    this.folder = folder;
    entries.put("data.pkl", pickle);
    entries.put("byteorder", "little".getBytes(StandardCharsets.UTF_8));
  }

  PtArchive with(String entry, byte[] bytes) {
    entries.put(entry, bytes);
    return this;
  }

  /** A storage of FLOAT32 elements. */
  PtArchive floats(String key, float... values) {
    var bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      bytes.putFloat(value);
    }
    return with("data/" + key, bytes.array());
  }

  byte[] zip(int method) throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var zip = new ZipOutputStream(bytes)) {
      for (var content : entries.entrySet()) {
        var entry = new ZipEntry(folder + content.getKey());
        entry.setMethod(method);
        if (method == ZipEntry.STORED) {
          var crc = new CRC32();
          crc.update(content.getValue());
          entry.setCrc(crc.getValue());
          entry.setSize(content.getValue().length);
        }
        zip.putNextEntry(entry);
        zip.write(content.getValue());
      }
    }
    return bytes.toByteArray();
  }

  Path write(Path path) throws IOException {
    return Files.write(path, zip(ZipEntry.STORED));
  }

  /** The same content with every length and offset in the 64-bit records. */
  Path writeZip64(Path path) throws IOException {
    var out = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);
    var directory = ByteBuffer.allocate(1 << 14).order(ByteOrder.LITTLE_ENDIAN);
    for (var content : entries.entrySet()) {
      byte[] name = (folder + content.getKey()).getBytes(StandardCharsets.UTF_8);
      int length = content.getValue().length;
      long local = out.position();
      out.putInt(0x04034b50).put(new byte[14]).putInt(-1).putInt(-1);
      out.putShort((short) name.length).putShort((short) 20).put(name);
      out.putShort((short) 1).putShort((short) 16).putLong(length).putLong(length);
      out.put(content.getValue());
      directory.putInt(0x02014b50).put(new byte[16]).putInt(-1).putInt(-1);
      directory.putShort((short) name.length).putShort((short) (4 + 3 + 28)).put(new byte[10]);
      directory.putInt(-1).put(name);
      directory.putShort((short) 0x5455).putShort((short) 3).put(new byte[3]);
      directory.putShort((short) 1).putShort((short) 24);
      directory.putLong(length).putLong(length).putLong(local);
    }
    long at = out.position();
    out.put(directory.flip());
    long end64 = out.position();
    out.putInt(0x06064b50).putLong(44).put(new byte[12]);
    out.putLong(entries.size()).putLong(entries.size()).putLong(end64 - at).putLong(at);
    out.putInt(0x07064b50).putInt(0).putLong(end64).putInt(1);
    out.putInt(0x06054b50).putInt(0).putInt(-1).putInt(-1).putInt(-1).putShort((short) 0);
    byte[] bytes = new byte[out.flip().remaining()];
    out.get(bytes);
    return Files.write(path, bytes);
  }
}
