package dev.longtake.recipes;

import dev.longtake.memory.Plan;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.train.MemoryTrace;
import dev.longtake.world.Clip;
import dev.longtake.world.SceneObject;
import java.util.BitSet;

/**
 * In which chunks of a clip more of an object is to be seen than ever before, from the first of it
 * at the picture's edge until all of it. The caption names each, but not where it stands: only here
 * can be learnt what a named object looks like as it appears.
 *
 * @param frames latent frames of the clip during which some object does
 */
record Arriving(BitSet frames) implements MemoryTrace.Mark {
  /** A share of all, but for rounding. */
  private static final double WHOLE = 1 - 1e-9;

  /** Follows every object until it has been seen whole. */
  static Arriving in(Clip clip) {
    var frames = new BitSet();
    for (var object : clip.world().objects()) {
      mark(object, clip, frames);
    }
    return new Arriving(frames);
  }

  private static void mark(SceneObject object, Clip clip, BitSet frames) {
    double most = 0;
    for (int picture = 0; picture < clip.frames() && most < WHOLE; picture++) {
      double shown = object.visibleShare(clip.path().yaw(picture));
      if (shown > most) {
        frames.set(latentFrame(picture));
        most = shown;
      }
    }
  }

  /** The first latent frame is one picture, every other four. */
  private static int latentFrame(int picture) {
    return (picture + ModelConfig.FRAMES_PER_LATENT - 1) / ModelConfig.FRAMES_PER_LATENT;
  }

  @Override
  public boolean at(Plan plan) {
    int first = plan.past().isEmpty() ? 0 : plan.past().getLast().frame() + 1;
    int next = frames.nextSetBit(first);
    return next >= 0 && next < first + plan.chunkFrames();
  }
}
