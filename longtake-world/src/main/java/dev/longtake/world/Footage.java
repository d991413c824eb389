package dev.longtake.world;

/**
 * The pixels of a clip, frame by frame in any order. Immutable; threads may share it.
 *
 * @param path where the camera looks
 * @param panorama the world it looks at
 */
public record Footage(CameraPath path, Panorama panorama) {

  /** The size of the frames. */
  public FrameSize size() {
    return panorama.size();
  }

  /** The length in frames. */
  public int frames() {
    return path.frames();
  }

  /** Renders a frame as interleaved bytes, see {@link Panorama#render}. */
  public void frame(int frame, byte[] rgb) {
    panorama.render(path.yaw(frame), rgb);
  }

  /** Renders a frame as planes in [-1, 1], see {@link Panorama#renderPlanar}. */
  public void framePlanar(int frame, float[] out, int offset, int channelStride) {
    panorama.renderPlanar(path.yaw(frame), out, offset, channelStride);
  }
}
