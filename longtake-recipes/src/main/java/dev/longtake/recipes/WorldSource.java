package dev.longtake.recipes;

import dev.longtake.data.ClipBatch;
import dev.longtake.data.ClipShape;
import dev.longtake.data.ClipSource;
import dev.longtake.tensor.Rng;
import dev.longtake.world.CameraPath;
import dev.longtake.world.Clip;
import dev.longtake.world.FrameSize;
import dev.longtake.world.Split;
import java.util.ArrayList;
import java.util.SplittableRandom;

/**
 * The world as a source of captioned clips that never ends: each shows a room of its own, from its
 * first picture.
 *
 * @param seed of the rooms
 * @param shape of the clips, at the world's frames per second
 * @param each clips that a device takes at a step
 */
record WorldSource(long seed, ClipShape shape, int each) implements ClipSource {
  private static final int SEED_BITS = 40; // of Split's seeds

  WorldSource {
    requireRate(shape);
  }

  /** Refuses models of another rate than the world's. */
  static void requireRate(ClipShape shape) {
    if (shape.fps() != CameraPath.FRAMES_PER_SECOND) {
      throw new IllegalArgumentException(
          "the world has "
              + CameraPath.FRAMES_PER_SECOND
              + " frames/s, the model "
              + shape.fps()
              + "; train it on videos");
    }
  }

  @Override
  public ClipBatch at(long step, int rank) {
    var random = new SplittableRandom(Rng.mix(seed, step, rank));
    var size = new FrameSize(shape.width(), shape.height());
    byte[] out = new byte[Math.multiplyExact(each, shape.bytes())];
    byte[] picture = new byte[size.bytes()];
    var captions = new ArrayList<String>();
    int at = 0;
    for (int i = 0; i < each; i++) {
      long number = random.nextLong() >>> (Long.SIZE - SEED_BITS);
      var clip = Clip.of(Split.TRAIN.seed(number), shape.frames());
      captions.add(clip.caption());
      var film = clip.film(size);
      for (int frame = 0; frame < shape.frames(); frame++) {
        film.frame(frame, picture);
        System.arraycopy(picture, 0, out, at, picture.length);
        at += picture.length;
      }
    }
    return new ClipBatch(out, shape, captions);
  }
}
