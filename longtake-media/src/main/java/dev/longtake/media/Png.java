package dev.longtake.media;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** Single pictures: PNG out, PNG and JPEG in. */
public final class Png {

  private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  private static final byte PAETH = 4;

  private Png() {}

  /**
   * Writes a picture, without loss. The name holds the whole picture or what it held before.
   *
   * @throws MediaException when the path cannot be written
   */
  public static void write(Path path, Frame frame) {
    AtomicFile.write(path, encode(frame));
  }

  /**
   * Reads a PNG or a JPEG, whatever its name ends in. Transparency is dropped.
   *
   * @throws MediaException when the file is missing, of another kind, or damaged
   */
  public static Frame read(Path path) {
    return PictureFile.read(path);
  }

  /** The bytes of a PNG file (W3C PNG, third edition): 8-bit RGB, each row Paeth-filtered. */
  public static byte[] encode(Frame frame) {
    var out = new ByteArrayOutputStream();
    out.writeBytes(SIGNATURE);
    var header = ByteBuffer.allocate(13).putInt(frame.width()).putInt(frame.height());
    header.put((byte) 8).put((byte) 2); // bits per channel; colour type RGB
    chunk(out, "IHDR", header.array());
    chunk(out, "sRGB", new byte[] {0});
    chunk(out, "IDAT", deflate(filter(frame)));
    chunk(out, "IEND", new byte[0]);
    return out.toByteArray();
  }

  /** Each byte less what its left, upper and upper-left neighbours make likely (section 9.4). */
  private static byte[] filter(Frame frame) {
    int row = 3 * frame.width();
    var rgb = frame.rgb();
    var filtered = new byte[(row + 1) * frame.height()];
    int at = 0;
    for (int y = 0; y < frame.height(); y++) {
      filtered[at++] = PAETH;
      for (int x = 0; x < row; x++) {
        int i = y * row + x;
        int left = x < 3 ? 0 : rgb[i - 3] & 0xff;
        int above = y == 0 ? 0 : rgb[i - row] & 0xff;
        int corner = x < 3 || y == 0 ? 0 : rgb[i - row - 3] & 0xff;
        filtered[at++] = (byte) (rgb[i] - likely(left, above, corner));
      }
    }
    return filtered;
  }

  private static int likely(int left, int above, int corner) {
    int toLeft = Math.abs(above - corner);
    int toAbove = Math.abs(left - corner);
    int toCorner = Math.abs(left + above - 2 * corner);
    if (toLeft <= toAbove && toLeft <= toCorner) {
      return left;
    }
    return toAbove <= toCorner ? above : corner;
  }

  private static byte[] deflate(byte[] bytes) {
    var deflater = new Deflater(Deflater.DEFAULT_COMPRESSION);
    try {
      deflater.setInput(bytes);
      deflater.finish();
      var out = new ByteArrayOutputStream(bytes.length / 2);
      var buffer = new byte[1 << 16];
      while (!deflater.finished()) {
        out.write(buffer, 0, deflater.deflate(buffer));
      }
      return out.toByteArray();
    } finally {
      deflater.end();
    }
  }

  private static void chunk(ByteArrayOutputStream out, String type, byte[] content) {
    var name = type.getBytes(StandardCharsets.US_ASCII);
    var crc = new CRC32();
    crc.update(name);
    crc.update(content);
    out.writeBytes(ByteBuffer.allocate(4).putInt(content.length).array());
    out.writeBytes(name);
    out.writeBytes(content);
    out.writeBytes(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
  }
}
