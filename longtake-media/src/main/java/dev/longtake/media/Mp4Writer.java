package dev.longtake.media;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.ffmpeg.global.avcodec;

/**
 * An H.264 video in an MP4, written as its pictures are made.
 *
 * <p>Until {@link #finish} the video grows in a neighbour file, {@code name.part.mp4} for {@code
 * name.mp4}. That file plays at any moment, also after the process was killed or the disk ran full,
 * up to the last chunk that {@link #write} accepted.
 *
 * <p>The final name is touched by {@code finish} alone, which replaces an older file of that name
 * in one step. A part file that an earlier run left is not overwritten but moved to {@code
 * name.part-1.mp4} (or the next free number).
 *
 * <p>Encoding happens in the calling thread, on one core; equal pictures and tags give equal files.
 */
public final class Mp4Writer implements AutoCloseable {

  private static final String EXTENSION = ".mp4";

  private final Path target;
  private final VideoFormat format;
  private final Map<String, String> tags;
  private final PartFile part;
  private final H264Encoder encoder;
  private final Muxer muxer;
  private long frames;
  private boolean failed;
  private boolean finished;
  private boolean closed;

  private Mp4Writer(
      Path target,
      VideoFormat format,
      Map<String, String> tags,
      PartFile part,
      H264Encoder encoder,
      Muxer muxer) {
    this.target = target;
    this.format = format;
    this.tags = tags;
    this.part = part;
    this.encoder = encoder;
    this.muxer = muxer;
  }

  /**
   * Creates the part file with its header. Call this before any expensive work: a path that cannot
   * be written shows here.
   *
   * @param target the final name, ending in {@code .mp4}
   * @param tags metadata such as prompt, seed, model and memory. Unless given, {@code title} is the
   *     prompt and {@code comment} lists the other tags, for players that show only these two
   * @throws MediaException when the path cannot be written, or another writer is at it
   */
  public static Mp4Writer open(Path target, VideoFormat format, Map<String, String> tags) {
    checkTarget(target);
    var allTags = withTitle(tags);
    var encoder = new H264Encoder(format);
    PartFile part;
    Muxer muxer;
    try {
      part = PartFile.claim(partOf(target));
    } catch (MediaException e) {
      encoder.close();
      throw e;
    }
    try {
      muxer = new Muxer(part.path(), Muxer.Layout.FRAGMENTED);
    } catch (MediaException e) {
      encoder.close();
      part.release();
      throw e;
    }
    var writer = new Mp4Writer(target, format, allTags, part, encoder, muxer);
    try {
      writer.start();
    } catch (MediaException e) {
      writer.close();
      throw e;
    }
    return writer;
  }

  /**
   * Refuses a target that {@link #open} would refuse, and leaves nothing there.
   *
   * @throws MediaException when the name does not end in {@code .mp4}, is a directory, or its
   *     directory is missing, closed to this user or takes no files
   */
  public static void checkTarget(Path target) {
    AtomicFile.checkTarget(target);
    if (!target.getFileName().toString().endsWith(EXTENSION)) {
      throw new MediaException(
          String.format(
              Locale.ROOT,
              "cannot write %s: the name must end in .mp4; for instance %s.mp4",
              target,
              target.getFileName()));
    }
    AtomicFile.checkTarget(partOf(target));
  }

  /**
   * Turns what a killed writer left into an ordinary video, without encoding anything again. The
   * part file stays.
   *
   * @param part a {@code .part.mp4}
   * @param target the name to write, ending in {@code .mp4}
   * @return what the new file holds
   * @throws MediaException when there is nothing to recover, or the target cannot be written
   */
  public static VideoInfo recover(Path part, Path target) {
    checkTarget(target);
    Remuxer.fastStart(part, target, VideoReader.probe(part).tags(), 1);
    return VideoReader.probe(target);
  }

  /**
   * Appends pictures as one fragment that begins with a key frame. When this returns they are on
   * disk. Call it once per chunk, not once per picture: each fragment costs a key frame.
   *
   * @param chunk pictures of the format's size; an empty list does nothing
   * @throws IllegalArgumentException when a picture has another size; nothing is written then
   * @throws MediaException when the disk is full; earlier chunks stay playable in the part file
   */
  public void write(List<Frame> chunk) {
    requireOpen();
    chunk.forEach(this::requireSize);
    if (chunk.isEmpty()) {
      return;
    }
    try {
      for (int i = 0; i < chunk.size(); i++) {
        var packet = encoder.encode(chunk.get(i), frames + i, i == 0);
        muxer.write(packet, encoder.timeBase());
      }
      muxer.flush();
      part.sync();
    } catch (MediaException e) {
      failed = true;
      throw new MediaException(
          String.format(
              Locale.ROOT,
              "%s; the first %d pictures are kept in %s",
              e.getMessage(),
              frames,
              part.path()),
          e);
    }
    frames += chunk.size();
  }

  /**
   * Rearranges the part file into the final one, puts it under its name and deletes the part file.
   * Needs as much free space again as the video takes. The writer is closed then.
   *
   * @return the final name
   * @throws IllegalStateException when nothing was written
   * @throws MediaException when the final file could not be written, or would lack pictures; the
   *     part file is kept then, and an older file of the final name
   */
  public Path finish() {
    requireOpen();
    if (frames == 0) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT, "%s has no pictures; write at least one chunk before finish()", target));
    }
    muxer.end();
    release();
    Remuxer.fastStart(part.path(), target, tags, frames);
    finished = true;
    part.delete();
    return target;
  }

  /** Pictures on disk so far. */
  public long frames() {
    return frames;
  }

  /** Playing time on disk so far, in seconds. */
  public double seconds() {
    return frames / format.fps();
  }

  /**
   * Bytes of the part file that hold whole fragments. A reader that follows the file up to here
   * while it grows sees a valid fragmented MP4, as browsers' media sources take it.
   */
  public long bytes() {
    return part.bytes();
  }

  /** The name that {@link #finish} writes. */
  public Path target() {
    return target;
  }

  /** Where the pictures are until then. */
  public Path partFile() {
    return part.path();
  }

  /**
   * Ends the writing. Without {@link #finish} before it, the part file is kept, playable, and the
   * final name is left alone; a part file without pictures is deleted.
   */
  @Override
  public void close() {
    if (!closed) {
      release();
      if (frames == 0) {
        part.delete();
      }
    }
  }

  /** {@code name.part.mp4} beside {@code name.mp4}. */
  static Path partOf(Path target) {
    var name = target.getFileName().toString();
    return target.resolveSibling(
        name.substring(0, name.length() - EXTENSION.length()) + ".part" + EXTENSION);
  }

  private void start() {
    var stream = muxer.addStream();
    avcodec.avcodec_parameters_from_context(stream.codecpar(), encoder.context());
    stream.time_base(encoder.timeBase());
    stream.avg_frame_rate(encoder.context().framerate());
    muxer.start(tags);
    part.sync();
  }

  private void release() {
    closed = true;
    muxer.close();
    encoder.close();
    if (failed) {
      part.dropUnsynced();
    }
    part.release();
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "the writer of %s is %s; open a new one",
              target,
              finished ? "finished" : "closed"));
    }
    if (failed) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "an earlier write to %s failed; recover %s and start a new file",
              target,
              part.path()));
    }
  }

  private void requireSize(Frame frame) {
    if (frame.width() != format.width() || frame.height() != format.height()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s holds pictures of %d x %d pixels, but one of %d x %d was given; scale it first",
              target,
              format.width(),
              format.height(),
              frame.width(),
              frame.height()));
    }
  }

  private static Map<String, String> withTitle(Map<String, String> tags) {
    var all = new TreeMap<>(tags); // by name: a map's own order may change from run to run
    if (tags.containsKey("prompt")) {
      all.putIfAbsent("title", tags.get("prompt"));
    }
    var rest = new StringBuilder();
    new TreeMap<>(tags)
        .forEach(
            (key, value) -> {
              if (!key.equals("prompt") && !key.equals("title")) {
                rest.append(rest.isEmpty() ? "" : ", ").append(key).append('=').append(value);
              }
            });
    if (!rest.isEmpty()) {
      all.putIfAbsent("comment", rest.toString());
    }
    return all;
  }
}
