package dev.longtake.data;

import dev.longtake.rollout.Pixels;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.List;

/**
 * Clips in pixels with their captions.
 *
 * @param rgb interleaved bytes, clip by clip, picture by picture, row by row; not copied
 * @param shape of every clip
 * @param captions one for each clip
 */
public record ClipBatch(byte[] rgb, ClipShape shape, List<String> captions) {

  /** Checks that there are as many bytes as the clips have. */
  public ClipBatch {
    captions = List.copyOf(captions);
    if (rgb.length != (long) captions.size() * shape.bytes()) {
      throw new IllegalArgumentException(
          rgb.length + " bytes are not " + captions.size() + " clips of " + shape);
    }
  }

  /** Values in [−1, 1], FLOAT32. */
  public @Axes("B 3 F Y X") Tensor pixels(Device device) {
    try (var scope = Scope.open()) {
      var bytes =
          Tensor.ofBytes(
              rgb, Dtype.UINT8, captions.size(), shape.frames(), shape.height(), shape.width(), 3);
      return scope.keep(Pixels.toTensor(bytes, device));
    }
  }
}
