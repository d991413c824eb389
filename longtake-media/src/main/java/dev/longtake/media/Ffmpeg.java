package dev.longtake.media;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVDictionaryEntry;
import org.bytedeco.ffmpeg.avutil.AVRational;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avformat;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.ffmpeg.global.swscale;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;

/** The few habits that all uses of FFmpeg here share. */
final class Ffmpeg {

  private static final int REASON_LENGTH = 256;
  private static final int LARGEST_FPS_DENOMINATOR = 1001;

  private Ffmpeg() {}

  /** Loads the libraries once and keeps them from writing to the terminal. */
  static void load() {
    Natives.ensure();
  }

  /** What FFmpeg calls this error, for instance "No space left on device". */
  static String reason(int error) {
    var text = new byte[REASON_LENGTH];
    avutil.av_strerror(error, text, text.length);
    int end = 0;
    while (end < text.length && text[end] != 0) {
      end++;
    }
    return new String(text, 0, end, UTF_8);
  }

  /** The path as FFmpeg takes it. Without the scheme, "a:b.mp4" would name a protocol "a". */
  static BytePointer url(Path path) {
    return text("file:" + path.toAbsolutePath());
  }

  /** A C string in UTF-8; JavaCPP's own conversion follows the platform's default charset. */
  static BytePointer text(String value) {
    var bytes = value.getBytes(UTF_8);
    var pointer = new BytePointer(bytes.length + 1L);
    return pointer.put(bytes, 0, bytes.length).put(bytes.length, (byte) 0);
  }

  /**
   * A native dictionary; the caller frees it with {@code av_dict_free}, unless it gives it away.
   */
  static AVDictionary dictionary(Map<String, String> entries) {
    var dictionary = new AVDictionary((Pointer) null);
    entries.forEach(
        (key, value) -> {
          try (var k = text(key);
              var v = text(value)) {
            avutil.av_dict_set(dictionary, k, v, 0);
          }
        });
    return dictionary;
  }

  /** The entries of a native dictionary, in its order. */
  static Map<String, String> entries(AVDictionary dictionary) {
    var entries = new LinkedHashMap<String, String>();
    AVDictionaryEntry entry = avutil.av_dict_iterate(dictionary, null);
    while (entry != null) {
      entries.put(entry.key().getString(UTF_8), entry.value().getString(UTF_8));
      entry = avutil.av_dict_iterate(dictionary, entry);
    }
    return entries;
  }

  /** The fraction nearest to a frame rate; 23.976 becomes 24000/1001. */
  static AVRational rate(double fps) {
    return avutil.av_d2q(fps, LARGEST_FPS_DENOMINATOR * 240);
  }

  static double value(AVRational fraction) {
    return fraction.den() == 0 ? 0 : (double) fraction.num() / fraction.den();
  }

  /** Loading happens in a class of its own, so that it runs once and under the JVM's lock. */
  private static final class Natives {
    static {
      try {
        Loader.load(avutil.class);
        Loader.load(avcodec.class);
        Loader.load(avformat.class);
        Loader.load(swscale.class);
      } catch (UnsatisfiedLinkError e) {
        throw new MediaException(
            String.format(
                    Locale.ROOT,
                    "FFmpeg's native libraries cannot be loaded (%s); add org.bytedeco:ffmpeg and",
                    e.getMessage())
                + " org.bytedeco:javacpp with the classifier "
                + Loader.getPlatform()
                + " to the class path",
            e);
      }
      avutil.av_log_set_level(avutil.AV_LOG_QUIET);
    }

    static void ensure() {}
  }
}
