package dev.longtake.media;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.global.avcodec;

/** Rearranges an MP4 into a fast-start one; coded pictures are copied as they are. */
final class Remuxer {

  private Remuxer() {}

  /**
   * Writes the pictures of one file to another name, which appears once it is whole.
   *
   * @param least how many pictures there must be; with fewer, what has that name stays
   */
  static void fastStart(Path from, Path to, Map<String, String> tags, long least) {
    Path temporary = AtomicFile.temporary(to);
    try {
      long frames = copy(from, temporary, tags);
      if (frames < least) {
        throw new MediaException(
            String.format(Locale.ROOT, "only %d of %d pictures can be read back", frames, least));
      }
      AtomicFile.publish(temporary, to);
    } catch (IOException e) {
      AtomicFile.discard(temporary);
      throw failed(from, to, AtomicFile.reason(e), e);
    } catch (MediaException e) {
      AtomicFile.discard(temporary);
      throw failed(from, to, String.valueOf(e.getMessage()), e);
    }
  }

  private static long copy(Path from, Path to, Map<String, String> tags) {
    try (var source = Demuxer.open(from);
        var target = new Muxer(to, Muxer.Layout.FAST_START)) {
      var stream = target.addStream();
      avcodec.avcodec_parameters_copy(stream.codecpar(), source.stream().codecpar());
      stream.codecpar().codec_tag(0); // the container's name for the codec, chosen anew
      stream.time_base(source.stream().time_base());
      stream.avg_frame_rate(source.stream().avg_frame_rate());
      target.start(tags);
      long frames = 0;
      AVPacket packet = source.next();
      while (packet != null) {
        target.write(packet, source.stream().time_base());
        frames++;
        packet = source.next();
      }
      target.end();
      return frames;
    }
  }

  private static MediaException failed(Path from, Path to, String reason, Exception cause) {
    return new MediaException(
        String.format(
            Locale.ROOT, "could not finish %s (%s); every picture is kept in %s", to, reason, from),
        cause);
  }
}
