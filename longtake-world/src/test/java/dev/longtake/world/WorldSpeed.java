package dev.longtake.world;

import java.util.Locale;

/**
 * A benchmark, run by hand: pictures of whole worlds per second on one core, each world's panorama
 * included.
 */
final class WorldSpeed {
  private static final int WORLDS = 40;
  private static final int FRAMES = 645;

  private WorldSpeed() {}

  public static void main(String[] arguments) {
    film(0); // so that it is compiled
    long begun = System.nanoTime();
    film(WORLDS);
    double seconds = (System.nanoTime() - begun) / 1e9;
    System.out.println(
        String.format(
            Locale.ROOT,
            "%d worlds of %d pictures, 192 x 128: %.0f pictures/s",
            WORLDS,
            FRAMES,
            WORLDS * FRAMES / seconds));
  }

  private static void film(int first) {
    byte[] picture = new byte[3 * 192 * 128];
    for (int world = first; world < first + WORLDS; world++) {
      var footage = Clip.of(Split.TRAIN.seed(world), FRAMES).film(new FrameSize(192, 128));
      for (int frame = 0; frame < FRAMES; frame++) {
        footage.frame(frame, picture);
      }
    }
  }
}
