package dev.longtake.eval;

import dev.longtake.rollout.ModelConfig.VideoSize;
import dev.longtake.world.CameraPath;
import dev.longtake.world.Clip;
import dev.longtake.world.Footage;
import dev.longtake.world.FrameSize;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * A true clip at a model's size.
 *
 * @param clip what is seen
 * @param footage its pixels
 */
record Truth(Clip clip, Footage footage) {

  /** Renders a clip. */
  static Truth film(Clip clip, VideoSize size) {
    if (size.fps() != CameraPath.FRAMES_PER_SECOND) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the model makes %d frames/s, but worlds are filmed at %d; measure a model of that rate",
              size.fps(),
              CameraPath.FRAMES_PER_SECOND));
    }
    return new Truth(clip, clip.film(new FrameSize(size.width(), size.height())));
  }

  int frames() {
    return footage.frames();
  }

  double yaw(int frame) {
    return clip.path().yaw(frame);
  }

  /** One picture, interleaved RGB. */
  byte[] frame(int frame) {
    return view(yaw(frame));
  }

  /** What is seen at a yaw, degrees. */
  byte[] view(double yaw) {
    var rgb = new byte[footage.size().bytes()];
    footage.panorama().render(yaw, rgb);
    return rgb;
  }

  /** Pictures from one up to, but not including, another. */
  List<byte[]> frames(int from, int to) {
    return IntStream.range(from, to).mapToObj(this::frame).toList();
  }
}
