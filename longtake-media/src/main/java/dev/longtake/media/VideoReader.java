package dev.longtake.media;

import java.nio.file.Path;
import java.util.NoSuchElementException;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.global.avutil;
import org.jspecify.annotations.Nullable;

/**
 * The pictures of a video file, decoded one at a time.
 *
 * <p>Reads what FFmpeg reads: MP4 and MOV, Matroska and WebM, AVI, MPEG, GIF and more. The first
 * (or best) video stream is taken, sound is ignored. A recorded rotation is applied, pixels that
 * are not square are made so when a size is asked for.
 *
 * <p>A fragmented MP4 whose writer was killed is read up to its last whole picture; any other file
 * that is cut short is refused, with the numbers.
 */
public final class VideoReader implements FrameSource {

  private final Demuxer demuxer;
  private final Decoder decoder;
  private final PictureScaler scaler = new PictureScaler();
  private final Sampling sampling;
  private final int rotation;
  private final double secondsPerTick;
  private final double secondsPerFrame;

  /** The picture being shown and the one after it, which a moment between takes or mixes. */
  private AVFrame shown = avutil.av_frame_alloc();

  private AVFrame coming = avutil.av_frame_alloc();
  private boolean hasShown;
  private boolean hasComing;
  private double shownAt;
  private double comingAt;
  private double origin;
  private long decoded;
  private long taken;
  private @Nullable MediaException damage; // met while decoding ahead, thrown when it is reached
  private @Nullable Frame converted; // of the shown picture, kept because it may be taken twice
  private @Nullable Frame convertedComing; // likewise, where the two are mixed
  private boolean closed;

  private VideoReader(Path path, Demuxer demuxer, Sampling sampling) {
    this.demuxer = demuxer;
    this.decoder = new Decoder(path, demuxer);
    this.sampling = sampling;
    this.rotation = demuxer.rotation();
    this.secondsPerTick = Ffmpeg.value(demuxer.stream().time_base());
    double fps = demuxer.fps();
    this.secondsPerFrame = fps > 0 ? 1 / fps : 1;
  }

  /**
   * Opens a video.
   *
   * @throws MediaException when it is missing, not a video, or cut short
   */
  public static VideoReader open(Path path, Sampling sampling) {
    var demuxer = Demuxer.open(path);
    try {
      var reader = new VideoReader(path, demuxer, sampling);
      reader.start();
      return reader;
    } catch (RuntimeException e) {
      demuxer.close();
      throw e;
    }
  }

  /**
   * Reads what a file says about itself. Where it does not say how many pictures it holds, as a
   * fragmented MP4 does not, the file is read through, without decoding.
   *
   * @throws MediaException when it is missing, not a video, or cut short
   */
  public static VideoInfo probe(Path path) {
    try (var demuxer = Demuxer.open(path)) {
      var parameters = demuxer.stream().codecpar();
      boolean upright = demuxer.rotation() % 180 == 0;
      long frames = demuxer.stream().nb_frames();
      if (frames <= 0) {
        frames = 0;
        while (demuxer.next() != null) {
          frames++;
        }
      }
      return new VideoInfo(
          upright ? parameters.width() : parameters.height(),
          upright ? parameters.height() : parameters.width(),
          demuxer.fps(),
          frames,
          demuxer.tags(),
          demuxer.isComplete());
    }
  }

  /** Frames per second of the pictures handed out, 0 when the file does not tell. */
  public double fps() {
    return sampling.keepsRate() ? demuxer.fps() : sampling.fps();
  }

  @Override
  public boolean hasNext() {
    if (closed) {
      return false;
    }
    if (damage != null) {
      return true; // next() tells
    }
    if (sampling.keepsRate()) {
      return hasShown;
    }
    seek(moment());
    return hasComing || damage != null || !isPastShown();
  }

  @Override
  public Frame next() {
    if (!hasNext()) {
      throw new NoSuchElementException("the video has no further picture after " + taken);
    }
    if (damage != null && (sampling.keepsRate() ? !hasShown : isPastShown())) {
      throw damage;
    }
    var frame = converted == null ? convert(shown) : converted;
    converted = frame;
    double share = shareOfComing();
    if (share > 0) {
      var after = convertedComing == null ? convert(coming) : convertedComing;
      convertedComing = after;
      frame = frame.mixed(after, share);
    }
    taken++;
    if (sampling.keepsRate()) {
      advance();
    }
    return frame;
  }

  /**
   * Leaves pictures out, which are decoded but not converted. Past the end there is nothing left.
   *
   * @param pictures how many of those that {@link #next} would hand out, at least 0
   */
  public void skip(long pictures) {
    if (!sampling.keepsRate()) {
      taken += pictures;
      return;
    }
    for (long i = 0; i < pictures && hasNext() && hasShown; i++) {
      taken++;
      advance();
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      avutil.av_frame_free(shown);
      avutil.av_frame_free(coming);
      scaler.close();
      decoder.close();
      demuxer.close();
    }
  }

  private void start() {
    try {
      fetch();
      if (damage != null) {
        throw damage;
      }
      origin = comingAt;
      comingAt = 0;
      advance();
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** Time of the next picture to hand out, in seconds from the first stored one. */
  private double moment() {
    return taken / sampling.fps();
  }

  /** The last picture lasts as long as any other; a thousandth forgives rounded timestamps. */
  private boolean isPastShown() {
    return !hasShown || moment() >= shownAt + secondsPerFrame * 0.999;
  }

  private void seek(double moment) {
    while (hasComing && (mixes() ? comingAt <= moment : comingAt - moment < moment - shownAt)) {
      advance();
    }
  }

  private boolean mixes() {
    return sampling.between() == Sampling.Between.LINEAR && !sampling.keepsRate();
  }

  /** How much of the coming picture there is in the next one to hand out. */
  private double shareOfComing() {
    return mixes() && hasComing && comingAt > shownAt
        ? Math.clamp((moment() - shownAt) / (comingAt - shownAt), 0, 1)
        : 0;
  }

  /** Shows the coming picture and decodes the one after it. */
  private void advance() {
    var spare = shown;
    shown = coming;
    coming = spare;
    hasShown = hasComing;
    shownAt = comingAt;
    converted = convertedComing;
    convertedComing = null;
    if (hasComing) {
      fetch();
    }
  }

  private void fetch() {
    try {
      hasComing = decoder.next(coming);
    } catch (MediaException e) {
      hasComing = false;
      damage = e;
    }
    if (hasComing) {
      long pts = coming.best_effort_timestamp();
      comingAt =
          pts == avutil.AV_NOPTS_VALUE ? decoded * secondsPerFrame : pts * secondsPerTick - origin;
      decoded++;
    }
  }

  private Frame convert(AVFrame picture) {
    boolean upright = rotation % 180 == 0;
    if (sampling.keepsSize()) {
      return Rotation.apply(scaler.convert(picture), rotation);
    }
    int width = upright ? sampling.width() : sampling.height();
    int height = upright ? sampling.height() : sampling.width();
    return Rotation.apply(scaler.cover(picture, width, height), rotation);
  }
}
