package dev.longtake.rollout;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Pictures as bytes and as tensors in [−1, 1]. */
public final class Pixels {
  private Pixels() {}

  /** One video of the batch as interleaved RGB bytes, a picture each; values are clamped. */
  public static List<byte[]> toBytes(@Axes("B 3 F Y X") Tensor video, int of) {
    try (var scope = Scope.open()) {
      var bytes =
          video
              .select(0, of)
              .to(Dtype.FLOAT32)
              .clamp(-1, 1)
              .times(127.5)
              .plus(128) // half a step more, for truncation to round
              .to(Dtype.UINT8)
              .permute(1, 2, 3, 0);
      var out = new ArrayList<byte[]>();
      for (long frame = 0; frame < video.size(2); frame++) {
        out.add(bytes.select(0, frame).toBytes());
      }
      return out;
    }
  }

  /**
   * A batch of one video from interleaved RGB bytes.
   *
   * @param frames at least one picture, all of the given size
   */
  public static @Axes("1 3 F Y X") Tensor toTensor(
      List<byte[]> frames, int width, int height, Device device) {
    try (var scope = Scope.open()) {
      var pictures =
          frames.stream().map(rgb -> Tensor.ofBytes(rgb, Dtype.UINT8, height, width, 3)).toList();
      return scope.keep(toTensor(Tensor.stack(pictures, 0).unsqueeze(0), device));
    }
  }

  /** Values in [−1, 1], FLOAT32, from RGB bytes as pictures hold them. */
  public static @Axes("B 3 F Y X") Tensor toTensor(@Axes("B F Y X 3") Tensor rgb, Device device) {
    try (var scope = Scope.open()) {
      return scope.keep(
          rgb.to(device).permute(0, 4, 1, 2, 3).to(Dtype.FLOAT32).dividedBy(127.5).plus(-1));
    }
  }
}
