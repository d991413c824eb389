package dev.longtake.data;

import dev.longtake.media.Frame;
import dev.longtake.media.Mp4Writer;
import dev.longtake.media.Sampling;
import dev.longtake.media.VideoFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Map;

/** Small videos whose pictures say their number as a grey: 4 for each picture. */
final class Films {
  static final ClipShape FIVE = new ClipShape(32, 16, 16, 5, Sampling.Between.NEAREST);

  private Films() {}

  static Path write(Path file, int pictures, double fps) {
    try (var writer = Mp4Writer.open(file, new VideoFormat(48, 32, fps), Map.of())) {
      var frames = new ArrayList<Frame>();
      for (int i = 0; i < pictures; i++) {
        frames.add(Frame.filled(48, 32, 4 * i * 0x010101));
      }
      writer.write(frames);
      return writer.finish();
    }
  }

  /** With a caption beside it. */
  static Path captioned(Path file, int pictures, String caption) throws IOException {
    write(file, pictures, 16);
    Files.writeString(
        file.resolveSibling(file.getFileName().toString().replace(".mp4", ".txt")), caption);
    return file;
  }

  /** Without its last pictures. */
  static void cutShort(Path file) throws IOException {
    var bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length - 20));
  }

  /** Noise in the place of its pictures from the middle on; its head stays whole. */
  static void damage(Path file) throws IOException {
    var bytes = Files.readAllBytes(file);
    Arrays.fill(bytes, bytes.length * 2 / 3, bytes.length, (byte) 0x5a);
    Files.write(file, bytes);
  }

  /** The number that a picture says. */
  static int number(byte[] rgb, int frame, ClipShape shape) {
    int bytes = 3 * shape.width() * shape.height();
    return Math.round((rgb[frame * bytes + bytes / 2] & 0xff) / 4f);
  }
}
