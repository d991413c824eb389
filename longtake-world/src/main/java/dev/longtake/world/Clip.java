package dev.longtake.world;

import java.util.ArrayList;
import java.util.List;

/**
 * A world and a way of looking at it: everything there is to know about a video but its pixels,
 * which {@link #film()} renders. Cheap to make; immutable.
 *
 * @param world what is there
 * @param path where the camera looks; its length is the length of the clip
 */
public record Clip(World world, CameraPath path) {

  /** The clip of a seed, see {@link Split} for which seeds to use; frames is at least 1. */
  public static Clip of(long seed, int frames) {
    return new Clip(World.of(seed), CameraPath.of(seed, frames));
  }

  /** The clip that shows one seed's world along another seed's path. */
  public static Clip of(long worldSeed, long pathSeed, int frames) {
    return new Clip(World.of(worldSeed), CameraPath.of(pathSeed, frames));
  }

  /** The length in frames, {@link CameraPath#FRAMES_PER_SECOND} to a second. */
  public int frames() {
    return path.frames();
  }

  /** The caption in words. */
  public String caption() {
    return Caption.of(world, path).text();
  }

  /** The objects that a frame (0 to {@link #frames} - 1) shows, from left to right. */
  public List<SceneObject> objectsVisible(int frame) {
    double yaw = path.yaw(frame);
    var visible = new ArrayList<SceneObject>();
    for (var object : world.objects()) {
      if (object.visibleFrom(yaw)) {
        visible.add(object);
      }
    }
    visible.sort(
        (a, b) -> Double.compare(Angles.signed(a.yaw() - yaw), Angles.signed(b.yaw() - yaw)));
    return List.copyOf(visible);
  }

  /** Renders the world at the default size; the cost is one {@link Panorama}. */
  public Footage film() {
    return film(FrameSize.DEFAULT);
  }

  /** Renders the world at a size of frame; the cost is one {@link Panorama}. */
  public Footage film(FrameSize size) {
    return new Footage(path, Panorama.of(world, size));
  }
}
