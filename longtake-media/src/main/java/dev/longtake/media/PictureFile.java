package dev.longtake.media;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.bytedeco.ffmpeg.global.avutil;

/** Still pictures on disk: PNG and JPEG, told apart by their first bytes. */
final class PictureFile {

  private static final int SIGNATURE = 8;

  private PictureFile() {}

  /** Whether a name looks like a picture that {@link #read} takes. */
  static boolean isNamedLikeOne(Path path) {
    var name = path.getFileName().toString().toLowerCase(Locale.ROOT);
    return !name.startsWith(".")
        && (name.endsWith(".png") || name.endsWith(".jpg") || name.endsWith(".jpeg"));
  }

  static Frame read(Path path) {
    return read(path, Sampling.NONE);
  }

  /** Reads a picture in the sampling's size. */
  static Frame read(Path path, Sampling sampling) {
    try (var demuxer = Demuxer.openPicture(path, format(path));
        var decoder = new Decoder(path, demuxer);
        var scaler = new PictureScaler()) {
      var picture = avutil.av_frame_alloc();
      try {
        if (!decoder.next(picture)) {
          throw Demuxer.unreadable(path, "it holds no whole picture");
        }
        return sampling.keepsSize()
            ? scaler.convert(picture)
            : scaler.cover(picture, sampling.width(), sampling.height());
      } finally {
        avutil.av_frame_free(picture);
      }
    }
  }

  /** FFmpeg's name for a file of one such picture. */
  private static String format(Path path) {
    var start = new byte[SIGNATURE];
    try (var in = Files.newInputStream(path)) {
      in.readNBytes(start, 0, SIGNATURE);
    } catch (IOException e) {
      throw Demuxer.unreadable(
          path, Files.exists(path) ? AtomicFile.reason(e) : "there is no such file");
    }
    if (start[0] == (byte) 0x89 && start[1] == 'P' && start[2] == 'N' && start[3] == 'G') {
      return "png_pipe";
    }
    if (start[0] == (byte) 0xff && start[1] == (byte) 0xd8) {
      return "jpeg_pipe";
    }
    throw Demuxer.unreadable(path, "it is neither a PNG nor a JPEG");
  }
}
