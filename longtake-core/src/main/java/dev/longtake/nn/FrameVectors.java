package dev.longtake.nn;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Tensor;

/**
 * A vector for each frame, as kernels find it: they count frames through the whole batch, and step
 * from one to the next by one stride. Axes: B batch, F frames, P patches per frame, D width.
 */
final class FrameVectors {
  private FrameVectors() {}

  /**
   * The same vectors, one stride apart from the first to the last. Where they are not, as in a view
   * of every video's last frames, they are copied.
   *
   * @param vector [B, F, 1, D], or one for all, [D]
   * @throws IllegalArgumentException if it has not a vector for each frame of x
   */
  static Tensor even(Tensor vector, @Axes("B F P D") Tensor x) {
    if (vector.rank() == 1) {
      return vector;
    }
    if (vector.size(0) != x.size(0) || vector.size(1) != x.size(1)) {
      throw new IllegalArgumentException(
          vector + " has not one vector for each frame of each video of " + x);
    }
    boolean even =
        vector.size(0) == 1
            || vector.size(1) == 1
            || vector.stride(0) == vector.size(1) * vector.stride(1);
    return even ? vector : vector.contiguous();
  }

  /** From one frame's vector to the next, in numbers; 0 where one vector serves all. */
  static long stride(Tensor even) {
    if (even.rank() == 1) {
      return 0;
    }
    return even.size(1) == 1 ? even.stride(0) : even.stride(1);
  }
}
