package dev.longtake.media;

import java.util.Locale;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.ffmpeg.global.swscale;
import org.bytedeco.ffmpeg.swscale.SwsContext;
import org.bytedeco.javacpp.DoublePointer;
import org.jspecify.annotations.Nullable;

/**
 * Turns decoded pictures of any layout into RGB of one size: colours by the matrix that the picture
 * names, bicubic scaling until it covers the size, the rest cut off evenly.
 */
final class PictureScaler implements AutoCloseable {

  private static final int FLAGS =
      swscale.SWS_BICUBIC | swscale.SWS_FULL_CHR_H_INT | swscale.SWS_ACCURATE_RND;
  private static final int ONE = 1 << 16; // swscale's fixed-point 1.0 for contrast and saturation
  private static final int HD_HEIGHT = 720;

  /** What a prepared conversion depends on. A file may change any of it half-way. */
  private record Conversion(
      int fromWidth,
      int fromHeight,
      int format,
      int matrix,
      int fullRange,
      int width,
      int height) {}

  private @Nullable Conversion prepared;
  private @Nullable SwsContext context;
  private @Nullable AVFrame scaled;

  /** A picture in its stored size. */
  Frame convert(AVFrame source) {
    return scale(source, source.width(), source.height(), source.width(), source.height());
  }

  /** A picture that covers the given size, cut to it around its centre. */
  Frame cover(AVFrame source, int width, int height) {
    double aspect = Ffmpeg.value(source.sample_aspect_ratio());
    double shownWidth = source.width() * (aspect > 0 ? aspect : 1); // pixels need not be square
    double factor = Math.max(width / shownWidth, (double) height / source.height());
    int coverWidth = Math.max(width, (int) Math.round(shownWidth * factor));
    int coverHeight = Math.max(height, (int) Math.round(source.height() * factor));
    return scale(source, coverWidth, coverHeight, width, height);
  }

  /** The same for a picture that is in Java already. */
  Frame cover(Frame source, int width, int height) {
    if (source.width() == width && source.height() == height) {
      return source;
    }
    Ffmpeg.load();
    var frame = NativePictures.allocate(source.width(), source.height(), avutil.AV_PIX_FMT_RGB24);
    try {
      NativePictures.copy(source, frame);
      return cover(frame, width, height);
    } finally {
      avutil.av_frame_free(frame);
    }
  }

  private Frame scale(AVFrame source, int toWidth, int toHeight, int width, int height) {
    var target = prepare(conversion(source, toWidth, toHeight));
    int rows =
        swscale.sws_scale(
            context,
            source.data(),
            source.linesize(),
            0,
            source.height(),
            target.data(),
            target.linesize());
    if (rows != toHeight) {
      throw new MediaException(
          String.format(
              Locale.ROOT,
              "a %d x %d picture could not be scaled to %d x %d",
              source.width(),
              source.height(),
              toWidth,
              toHeight));
    }
    return NativePictures.cut(
        target, (toWidth - width) / 2, (toHeight - height) / 2, width, height);
  }

  private AVFrame prepare(Conversion wanted) {
    var target = scaled;
    if (target != null && wanted.equals(prepared)) {
      return target;
    }
    close();
    var fresh =
        swscale.sws_getContext(
            wanted.fromWidth,
            wanted.fromHeight,
            wanted.format,
            wanted.width,
            wanted.height,
            avutil.AV_PIX_FMT_RGB24,
            FLAGS,
            null,
            null,
            (DoublePointer) null);
    if (fresh == null) {
      throw new MediaException(
          String.format(
              Locale.ROOT,
              "a %d x %d picture of pixel format %d cannot be turned into RGB",
              wanted.fromWidth,
              wanted.fromHeight,
              wanted.format));
    }
    var matrix = swscale.sws_getCoefficients(wanted.matrix);
    swscale.sws_setColorspaceDetails(fresh, matrix, wanted.fullRange, matrix, 1, 0, ONE, ONE);
    target = NativePictures.allocate(wanted.width, wanted.height, avutil.AV_PIX_FMT_RGB24);
    context = fresh;
    scaled = target;
    prepared = wanted;
    return target;
  }

  private static Conversion conversion(AVFrame source, int width, int height) {
    int format = source.format();
    boolean full =
        source.color_range() == avutil.AVCOL_RANGE_JPEG
            || format == avutil.AV_PIX_FMT_YUVJ420P
            || format == avutil.AV_PIX_FMT_YUVJ422P
            || format == avutil.AV_PIX_FMT_YUVJ444P
            || format == avutil.AV_PIX_FMT_YUVJ440P
            || format == avutil.AV_PIX_FMT_RGB24;
    return new Conversion(
        source.width(), source.height(), format, matrix(source, full), full ? 1 : 0, width, height);
  }

  /** The named matrix, or the one that players assume where none is named. */
  private static int matrix(AVFrame source, boolean full) {
    int named = source.colorspace();
    if (named == avutil.AVCOL_SPC_UNSPECIFIED || named == avutil.AVCOL_SPC_RGB) {
      boolean hd = !full && source.height() >= HD_HEIGHT;
      return hd ? swscale.SWS_CS_ITU709 : swscale.SWS_CS_ITU601;
    }
    return named; // swscale counts its matrices as the codecs do
  }

  @Override
  public void close() {
    if (context != null) {
      swscale.sws_freeContext(context);
      context = null;
    }
    if (scaled != null) {
      avutil.av_frame_free(scaled);
      scaled = null;
    }
    prepared = null;
  }
}
