package dev.longtake.recipes;

import dev.longtake.memory.FrameRange;
import dev.longtake.memory.Plan;
import dev.longtake.memory.Slot;
import dev.longtake.train.MemoryTrace;
import dev.longtake.world.CameraPath;
import dev.longtake.world.FrameSize;

/**
 * Which chunks of a clip bring back what had left the picture. The camera only pans, so headings
 * tell: the middle of what a chunk reveals must lie well inside a held view that is not recent.
 *
 * @param path of the camera
 */
record ComingBack(CameraPath path) implements MemoryTrace.Mark {
  /** Degrees that a chunk reveals at least. */
  private static final double LEAST = 3;

  /** Latent frames before the chunk whose views do not count: 2 s. */
  private static final int RECENT = 8;

  @Override
  public boolean at(Plan plan) {
    if (plan.past().isEmpty()) {
      return false;
    }
    int newest = plan.past().getLast().frame();
    double before = heading(newest);
    double turned = heading(newest + plan.chunkFrames()) - before;
    if (Math.abs(turned) < LEAST) {
      return false;
    }
    double revealed = before + turned / 2 + Math.signum(turned) * FrameSize.FIELD_OF_VIEW / 2;
    double within = FrameSize.FIELD_OF_VIEW / 2 - Math.abs(turned) / 2;
    return plan.past().stream()
        .mapToInt(Slot::frame)
        .filter(frame -> frame < newest - RECENT)
        .anyMatch(frame -> between(heading(frame), revealed) < within);
  }

  /** Where a latent frame looks, the middle of its pictures, in degrees, not wrapped. */
  private double heading(int latentFrame) {
    return path.yaw(Math.max(0, 4 * latentFrame - 2));
  }

  /** The mean over a range; the camera turns little within one. */
  double heading(FrameRange latents) {
    double sum = 0;
    for (int frame = latents.first(); frame < latents.end(); frame++) {
      sum += heading(frame);
    }
    return sum / latents.count();
  }

  private static double between(double a, double b) {
    return Math.abs(Math.IEEEremainder(a - b, 360));
  }
}
