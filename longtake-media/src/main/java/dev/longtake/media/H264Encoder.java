package dev.longtake.media;

import java.util.Locale;
import java.util.Map;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.avutil.AVRational;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.ffmpeg.global.swscale;
import org.bytedeco.ffmpeg.swscale.SwsContext;
import org.bytedeco.javacpp.DoublePointer;

/**
 * Pictures to H.264 by OpenH264: high profile, one packet per picture at once, none held back.
 *
 * <p>Colours are stored by ITU-R BT.601 and say so. Many readers (OpenCV, most simple scripts) do
 * not look and assume just this, so they are right too.
 */
final class H264Encoder implements AutoCloseable {

  /**
   * The quantiser, the same for every picture: generated video is short of bits in no place, and a
   * bit rate that suits 832 x 480 would wash out small pictures or bloat still ones. At 18 smooth
   * pictures come back at more than 40 dB.
   */
  private static final int QUANTISER = 18;

  /** Seconds after which a key frame comes even within a chunk, so that players can seek. */
  private static final int KEY_FRAME_SECONDS = 5;

  private static final int ONE = 1 << 16; // swscale's fixed-point 1.0 for contrast and saturation

  private final VideoFormat format;
  private final AVCodecContext context;
  private final SwsContext toYuv;
  private final AVFrame rgb;
  private final AVFrame yuv;
  private final AVPacket packet = avcodec.av_packet_alloc();
  private boolean closed;

  H264Encoder(VideoFormat format) {
    Ffmpeg.load();
    this.format = format;
    context = open(format);
    rgb = NativePictures.allocate(format.width(), format.height(), avutil.AV_PIX_FMT_RGB24);
    yuv = NativePictures.allocate(format.width(), format.height(), avutil.AV_PIX_FMT_YUV420P);
    toYuv = conversion(format);
  }

  /** The settings that a muxer needs. */
  AVCodecContext context() {
    return context;
  }

  /** The length of one picture: timestamps count pictures. */
  AVRational timeBase() {
    return context.time_base();
  }

  /**
   * Encodes a picture.
   *
   * @param index its place in the video, counted from 0
   * @param key whether decoding must be able to begin here
   * @return its packet, owned by this encoder and valid until the next call
   */
  AVPacket encode(Frame frame, long index, boolean key) {
    toYuv(frame);
    yuv.pts(index);
    yuv.pict_type(key ? avutil.AV_PICTURE_TYPE_I : avutil.AV_PICTURE_TYPE_NONE);
    check(avcodec.avcodec_send_frame(context, yuv), index);
    avcodec.av_packet_unref(packet);
    check(avcodec.avcodec_receive_packet(context, packet), index);
    packet.duration(1);
    return packet;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      avcodec.av_packet_free(packet);
      swscale.sws_freeContext(toYuv);
      avutil.av_frame_free(yuv);
      avutil.av_frame_free(rgb);
      avcodec.avcodec_free_context(context);
    }
  }

  private void toYuv(Frame frame) {
    NativePictures.copy(frame, rgb);
    int ready = avutil.av_frame_make_writable(yuv); // the encoder may still look at the last one
    if (ready < 0) {
      throw new MediaException("no memory for a picture: " + Ffmpeg.reason(ready));
    }
    swscale.sws_scale(
        toYuv, rgb.data(), rgb.linesize(), 0, format.height(), yuv.data(), yuv.linesize());
  }

  private static AVCodecContext open(VideoFormat format) {
    var codec = avcodec.avcodec_find_encoder_by_name("libopenh264");
    if (codec == null) {
      throw new MediaException(
          "this FFmpeg has no OpenH264 encoder; use the natives of org.bytedeco:ffmpeg");
    }
    var context = avcodec.avcodec_alloc_context3(codec);
    context.width(format.width());
    context.height(format.height());
    context.pix_fmt(avutil.AV_PIX_FMT_YUV420P);
    var rate = Ffmpeg.rate(format.fps());
    context.framerate(rate);
    context.time_base(avutil.av_inv_q(rate));
    context.gop_size((int) Math.ceil(KEY_FRAME_SECONDS * format.fps()));
    context.qmin(QUANTISER);
    context.qmax(QUANTISER);
    // With more threads OpenH264 divides pictures by the threads' speed, and no two runs are alike.
    context.thread_count(1);
    context.slices(1);
    context.profile(avcodec.AV_PROFILE_H264_HIGH);
    context.flags(context.flags() | avcodec.AV_CODEC_FLAG_GLOBAL_HEADER);
    context.colorspace(avutil.AVCOL_SPC_SMPTE170M);
    context.color_range(avutil.AVCOL_RANGE_MPEG);
    context.color_primaries(avutil.AVCOL_PRI_BT709);
    context.color_trc(avutil.AVCOL_TRC_BT709);
    AVDictionary options = Ffmpeg.dictionary(Map.of("rc_mode", "quality"));
    int opened = avcodec.avcodec_open2(context, codec, options);
    avutil.av_dict_free(options);
    if (opened < 0) {
      avcodec.avcodec_free_context(context);
      throw new MediaException(
          String.format(
              Locale.ROOT,
              "the H.264 encoder refuses %d x %d pixels at %s frames/s (%s); choose a usual size",
              format.width(),
              format.height(),
              format.fps(),
              Ffmpeg.reason(opened)));
    }
    return context;
  }

  private static SwsContext conversion(VideoFormat format) {
    var context =
        swscale.sws_getContext(
            format.width(),
            format.height(),
            avutil.AV_PIX_FMT_RGB24,
            format.width(),
            format.height(),
            avutil.AV_PIX_FMT_YUV420P,
            swscale.SWS_BICUBIC | swscale.SWS_FULL_CHR_H_INP | swscale.SWS_ACCURATE_RND,
            null,
            null,
            (DoublePointer) null);
    var bt601 = swscale.sws_getCoefficients(swscale.SWS_CS_ITU601);
    swscale.sws_setColorspaceDetails(context, bt601, 1, bt601, 0, 0, ONE, ONE);
    return context;
  }

  private static void check(int result, long index) {
    if (result < 0) {
      throw new MediaException(
          String.format(
              Locale.ROOT,
              "the H.264 encoder failed at picture %d: %s",
              index,
              Ffmpeg.reason(result)));
    }
  }
}
