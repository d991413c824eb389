package dev.longtake.media;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVInputFormat;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avformat;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/** The coded pictures of a file's main video stream, one packet at a time. */
final class Demuxer implements AutoCloseable {

  /**
   * Kinds of file that hold their own pictures. Playlists ("hls", "concat") are left out: they make
   * FFmpeg open whatever other file or address they name.
   */
  private static final String CONTAINERS =
      "mov,matroska,webm,avi,mpegts,mpeg,flv,ogg,asf,ivf,h264,hevc,m4v,gif,apng,nut,mxf,obu,"
          + "yuv4mpegpipe,png_pipe,jpeg_pipe";

  private final Path path;
  private final AVFormatContext context;
  private final AVPacket packet;
  private final int stream;
  private final boolean complete;
  private boolean closed;

  private Demuxer(Path path, AVFormatContext context, int stream, boolean complete) {
    this.path = path;
    this.context = context;
    this.packet = avcodec.av_packet_alloc();
    this.stream = stream;
    this.complete = complete;
  }

  /** Opens a video. */
  static Demuxer open(Path path) {
    return open(path, null, isComplete(path));
  }

  /** Opens a picture of a known kind, for which FFmpeg must not guess from the name. */
  static Demuxer openPicture(Path path, String format) {
    Ffmpeg.load();
    return open(path, avformat.av_find_input_format(format), true);
  }

  private static Demuxer open(Path path, @Nullable AVInputFormat format, boolean complete) {
    Ffmpeg.load();
    var context = new AVFormatContext((Pointer) null);
    AVDictionary options =
        Ffmpeg.dictionary(Map.of("protocol_whitelist", "file", "format_whitelist", CONTAINERS));
    try (var url = Ffmpeg.url(path)) {
      int opened = avformat.avformat_open_input(context, url, format, options);
      if (opened < 0) {
        throw unreadable(path, Ffmpeg.reason(opened));
      }
    } finally {
      avutil.av_dict_free(options);
    }
    int found = avformat.avformat_find_stream_info(context, (AVDictionary) null);
    int stream =
        found < 0
            ? found
            : avformat.av_find_best_stream(
                context, avutil.AVMEDIA_TYPE_VIDEO, -1, -1, (AVCodec) null, 0);
    if (stream < 0) {
      avformat.avformat_close_input(context);
      throw unreadable(path, found < 0 ? Ffmpeg.reason(found) : "it holds no video stream");
    }
    for (int i = 0; i < context.nb_streams(); i++) {
      if (i != stream) {
        context.streams(i).discard(avcodec.AVDISCARD_ALL);
      }
    }
    return new Demuxer(path, context, stream, complete);
  }

  /** The next packet, owned by this demuxer and valid until the next call; null at the end. */
  @Nullable AVPacket next() {
    while (true) {
      avcodec.av_packet_unref(packet);
      int read = avformat.av_read_frame(context, packet);
      if (read == avutil.AVERROR_EOF) {
        return null;
      }
      boolean damaged = read < 0 || (packet.flags() & avcodec.AV_PKT_FLAG_CORRUPT) != 0;
      if (damaged && !complete) {
        return null; // the fragment that was being written when the file's writer died
      }
      if (damaged) {
        throw unreadable(path, read < 0 ? Ffmpeg.reason(read) : "the file ends within a picture");
      }
      if (packet.stream_index() == stream) {
        return packet;
      }
    }
  }

  AVStream stream() {
    return context.streams(stream);
  }

  double fps() {
    return Ffmpeg.value(avformat.av_guess_frame_rate(context, stream(), null));
  }

  /** Metadata without the entries that describe the container itself. */
  Map<String, String> tags() {
    var tags = Ffmpeg.entries(context.metadata());
    tags.keySet().removeAll(Set.of("major_brand", "minor_version", "compatible_brands"));
    return tags;
  }

  /** False for a fragmented file that ends within a fragment. */
  boolean isComplete() {
    return complete;
  }

  /** Degrees, counter-clockwise, by which a player turns the stored picture: 0, 90, 180 or 270. */
  int rotation() {
    var parameters = stream().codecpar();
    var side =
        avcodec.av_packet_side_data_get(
            parameters.coded_side_data(),
            parameters.nb_coded_side_data(),
            avcodec.AV_PKT_DATA_DISPLAYMATRIX);
    if (side == null) {
      return 0;
    }
    double degrees = avutil.av_display_rotation_get(new IntPointer(side.data()));
    return Double.isNaN(degrees) ? 0 : Math.floorMod(Math.round(degrees / 90) * 90, 360);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      avcodec.av_packet_free(packet);
      avformat.avformat_close_input(context);
    }
  }

  static MediaException unreadable(Path path, String reason) {
    return new MediaException(
        String.format(
            Locale.ROOT,
            "cannot read %s: %s; check the file with a player, or copy it again",
            path,
            reason));
  }

  /** Whether the file ends where it says; a file that is useless beyond its end is refused. */
  private static boolean isComplete(Path path) {
    if (!Files.isRegularFile(path)) {
      throw new MediaException(
          Files.exists(path)
              ? String.format(
                  Locale.ROOT, "cannot read %s: it is not a file; give the path of a video", path)
              : String.format(
                  Locale.ROOT, "cannot read %s: there is no such file; check the path", path));
    }
    try {
      var boxes = IsoBoxes.of(path);
      var cut = boxes.cut();
      if (cut.isEmpty()) {
        return true;
      }
      var box = cut.get();
      boolean vital = box.type().equals("mdat") || box.type().equals("moov");
      if (vital && !boxes.isFragmented()) {
        throw unreadable(
            path,
            String.format(
                Locale.ROOT,
                "it is cut short, its box '%s' has %d of %d bytes",
                box.type(),
                box.present(),
                box.size()));
      }
      return false;
    } catch (IOException e) {
      throw unreadable(path, AtomicFile.reason(e));
    }
  }
}
