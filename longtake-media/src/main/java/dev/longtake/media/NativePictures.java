package dev.longtake.media;

import java.util.Locale;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.global.avutil;

/** Pictures in native memory, and their way to and from {@link Frame}. */
final class NativePictures {

  private NativePictures() {}

  /** A picture with uninitialised pixels; the caller frees it with {@code av_frame_free}. */
  static AVFrame allocate(int width, int height, int format) {
    var frame = avutil.av_frame_alloc();
    frame.width(width);
    frame.height(height);
    frame.format(format);
    int allocated = avutil.av_frame_get_buffer(frame, 0);
    if (allocated < 0) {
      avutil.av_frame_free(frame);
      throw new MediaException(
          String.format(
              Locale.ROOT,
              "no memory for a %d x %d picture (%s); close other programs or choose a smaller size",
              width,
              height,
              Ffmpeg.reason(allocated)));
    }
    return frame;
  }

  /** Copies a picture into an RGB24 picture of the same size, whose rows may be padded. */
  static void copy(Frame source, AVFrame target) {
    int row = 3 * source.width();
    long stride = target.linesize(0);
    var pixels = target.data(0);
    for (int y = 0; y < source.height(); y++) {
      pixels.position(y * stride).put(source.rgb(), y * row, row);
    }
  }

  /** Copies a rectangle out of an RGB24 picture. */
  static Frame cut(AVFrame source, int left, int top, int width, int height) {
    int row = 3 * width;
    long stride = source.linesize(0);
    var pixels = source.data(0);
    var rgb = new byte[row * height];
    for (int y = 0; y < height; y++) {
      pixels.position((top + y) * stride + 3L * left).get(rgb, y * row, row);
    }
    return new Frame(width, height, rgb);
  }
}
