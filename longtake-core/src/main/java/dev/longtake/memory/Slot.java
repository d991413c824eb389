package dev.longtake.memory;

/**
 * One remembered latent frame. The frame number identifies it: region and mark may change while it
 * is held, and its keys and values be made anew; its latents do not change.
 *
 * @param frame number of the latent frame in the video, from 0
 * @param region where it stands
 * @param keyframe whether it was chosen for being unlike what preceded it; never so in the sink
 */
public record Slot(int frame, Region region, boolean keyframe) {

  /** Refuses negative frames and keyframes in the sink. */
  public Slot {
    if (frame < 0) {
      throw new IllegalArgumentException("frame " + frame + " is negative; frames count from 0");
    }
    if (keyframe && region == Region.SINK) {
      throw new IllegalArgumentException(
          "frame " + frame + " is a keyframe in the sink; the sink is held without being chosen");
    }
  }

  /** A frame that was not chosen. */
  public Slot(int frame, Region region) {
    this(frame, region, false);
  }

  Slot in(Region other) {
    return new Slot(frame, other, keyframe);
  }
}
