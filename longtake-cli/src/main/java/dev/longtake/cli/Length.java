package dev.longtake.cli;

import dev.longtake.rollout.ModelConfig;
import java.util.Locale;

/** How long a video is to be, in pictures. */
final class Length {
  private static final double DAY = 86_400;

  private Length() {}

  /**
   * The number of pictures that last so many seconds.
   *
   * @param seconds above 0, at most a day
   * @param fps frames per second
   * @throws IllegalArgumentException if it is out of range, or less than one picture
   */
  static long frames(double seconds, int fps) {
    check(seconds);
    long frames = Math.round(seconds * fps);
    if (frames < 1) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "--seconds %s is less than one frame at %d frames/s; give at least %s",
              plain(seconds),
              fps,
              plain(1.0 / fps)));
    }
    return frames;
  }

  /** Refuses what is out of range at any frame rate. */
  static void check(double seconds) {
    if (!(seconds > 0)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "--seconds is %s; give a number above 0, such as 60", plain(seconds)));
    }
    if (seconds > DAY) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "--seconds is %s, more than a day; give at most %s and --continue from there",
              plain(seconds),
              plain(DAY)));
    }
  }

  /** Refuses latent frames that are not whole chunks of the given size. */
  static void checkLatents(int latents, int chunk) {
    if (latents < chunk || latents % chunk != 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "--num_output_frames is %d, but latent frames come in chunks of %d; give %d, or --seconds",
              latents,
              chunk,
              Math.max(chunk, latents / chunk * chunk)));
    }
  }

  /**
   * The number of pictures that latent frames become.
   *
   * @throws IllegalArgumentException if they last longer than a day
   */
  static long framesOf(int latents, ModelConfig config) {
    int fps = config.video().fps();
    long frames = config.vae().pixelFrames((long) latents);
    if (frames > DAY * fps) {
      long most = (long) (DAY * fps) / config.vae().temporalFactor();
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "--num_output_frames is %d, more than a day of video; give at most %d and --continue"
                  + " from there",
              latents,
              most / ModelConfig.CHUNK * ModelConfig.CHUNK));
    }
    return frames;
  }

  /** A number without needless decimals. */
  static String plain(double number) {
    return number == Math.rint(number) && Math.abs(number) < 1e15
        ? String.format(Locale.ROOT, "%.0f", number)
        : Double.toString(number);
  }
}
