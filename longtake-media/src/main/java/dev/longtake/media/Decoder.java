package dev.longtake.media;

import static org.bytedeco.ffmpeg.presets.avutil.AVERROR_EAGAIN;

import java.nio.file.Path;
import java.util.Locale;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avutil;

/**
 * Decoded pictures of a demuxer's stream, in playing order.
 *
 * <p>A decoder left alone hides damage by guessing or by leaving pictures out. This one hands out
 * whole pictures or an error; only what precedes the first whole picture, as in a recording that
 * was joined half-way, is skipped.
 */
final class Decoder implements AutoCloseable {

  private static final int MOST_THREADS = 4;

  private final Path path;
  private final Demuxer demuxer;
  private final AVCodecContext context;
  private long delivered;
  private boolean drained;
  private boolean closed;

  Decoder(Path path, Demuxer demuxer) {
    this.path = path;
    this.demuxer = demuxer;
    var parameters = demuxer.stream().codecpar();
    var codec = avcodec.avcodec_find_decoder(parameters.codec_id());
    if (codec == null) {
      throw Demuxer.unreadable(
          path,
          "this FFmpeg has no decoder for "
              + avcodec.avcodec_get_name(parameters.codec_id()).getString());
    }
    context = avcodec.avcodec_alloc_context3(codec);
    avcodec.avcodec_parameters_to_context(context, parameters);
    context.pkt_timebase(demuxer.stream().time_base());
    context.flags(context.flags() | avcodec.AV_CODEC_FLAG_OUTPUT_CORRUPT);
    context.thread_count(Math.min(MOST_THREADS, Runtime.getRuntime().availableProcessors()));
    int opened = avcodec.avcodec_open2(context, codec, (AVDictionary) null);
    if (opened < 0) {
      avcodec.avcodec_free_context(context);
      throw Demuxer.unreadable(path, Ffmpeg.reason(opened));
    }
  }

  /** Decodes the next picture into the given frame, replacing its content; false at the end. */
  boolean next(AVFrame frame) {
    while (true) {
      int received = avcodec.avcodec_receive_frame(context, frame);
      if (received == 0) {
        if (isWhole(frame)) {
          delivered++;
          return true;
        }
        if (delivered > 0) {
          throw damaged();
        }
        continue;
      }
      if (received == avutil.AVERROR_EOF) {
        return false;
      }
      if (received != AVERROR_EAGAIN() || drained) {
        throw damaged();
      }
      AVPacket packet = demuxer.next();
      drained = packet == null;
      int sent = avcodec.avcodec_send_packet(context, packet);
      if (sent < 0) {
        throw damaged();
      }
    }
  }

  private static boolean isWhole(AVFrame frame) {
    return frame.decode_error_flags() == 0 && (frame.flags() & AVFrame.AV_FRAME_FLAG_CORRUPT) == 0;
  }

  private MediaException damaged() {
    return Demuxer.unreadable(
        path, String.format(Locale.ROOT, "it is damaged after %d whole pictures", delivered));
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      avcodec.avcodec_free_context(context);
    }
  }
}
