package dev.longtake.media;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVIOContext;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVRational;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avformat;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacpp.Pointer;

/** One MP4 with one video stream, written packet by packet. */
final class Muxer implements AutoCloseable {

  /** How an MP4 is laid out, in FFmpeg's words. */
  enum Layout {
    /** A header first, then a fragment at each {@link Muxer#flush}. */
    FRAGMENTED("frag_custom+empty_moov+default_base_moof+use_metadata_tags"),
    /** The index before the pictures, so that a browser plays while it loads. */
    FAST_START("faststart+use_metadata_tags");

    private final String flags;

    Layout(String flags) {
      this.flags = flags;
    }
  }

  private final Path path;
  private final Layout layout;
  private final AVFormatContext context;
  private final AVIOContext io;
  private boolean started;
  private boolean closed;

  /** Creates or empties the file. */
  Muxer(Path path, Layout layout) {
    Ffmpeg.load();
    this.path = path;
    this.layout = layout;
    context = new AVFormatContext((Pointer) null);
    io = new AVIOContext((Pointer) null);
    try (var url = Ffmpeg.url(path);
        var mp4 = Ffmpeg.text("mp4")) {
      check(avformat.avformat_alloc_output_context2(context, null, mp4, url));
      int opened = avformat.avio_open(io, url, avformat.AVIO_FLAG_WRITE);
      if (opened < 0) {
        avformat.avformat_free_context(context);
        check(opened);
      }
    }
    context.pb(io);
  }

  /** The stream to be filled; its codec parameters and time base are set before {@link #start}. */
  AVStream addStream() {
    return avformat.avformat_new_stream(context, null);
  }

  /** Writes the header with the metadata. */
  void start(Map<String, String> tags) {
    context.metadata(Ffmpeg.dictionary(tags));
    AVDictionary options = Ffmpeg.dictionary(Map.of("movflags", layout.flags));
    int written = avformat.avformat_write_header(context, options);
    avutil.av_dict_free(options);
    check(written);
    started = true;
    flushBytes();
  }

  /** Adds a packet whose times are counted in the given unit; the packet is left empty. */
  void write(AVPacket packet, AVRational unit) {
    packet.stream_index(0);
    packet.pos(-1);
    avcodec.av_packet_rescale_ts(packet, unit, context.streams(0).time_base());
    check(avformat.av_write_frame(context, packet));
    avcodec.av_packet_unref(packet);
  }

  /** Ends the fragment and hands all bytes to the operating system. */
  void flush() {
    check(avformat.av_write_frame(context, null));
    flushBytes();
  }

  /** Bytes handed to the operating system so far. */
  long position() {
    return io.pos();
  }

  /** Writes what belongs at the end. */
  void end() {
    started = false;
    check(avformat.av_write_trailer(context));
    flushBytes();
  }

  /** Closes the file as it is. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      if (started) {
        avformat.av_write_trailer(context); // also frees the muxer; errors were reported before
      }
      context.pb(null);
      avformat.avio_close(io);
      avformat.avformat_free_context(context);
    }
  }

  private void flushBytes() {
    avformat.avio_flush(io);
    check(io.error());
  }

  private void check(int result) {
    if (result < 0) {
      throw new MediaException(
          String.format(
              Locale.ROOT,
              "cannot write %s: %s; free space there or choose another path",
              path,
              Ffmpeg.reason(result)));
    }
  }
}
