package dev.longtake.vae;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;

/**
 * Video seen as a stack of pictures, as two-dimensional convolutions want it. Axes: N = B · F
 * pictures, B batch, F frames, Y rows, X columns, C channels. Views, as long as channels lie
 * together.
 */
final class Pictures {
  private Pictures() {}

  /** The pictures of a video. */
  static @Axes("N C Y X") Tensor of(@Axes("B F Y X C") Tensor video) {
    try (var scope = Scope.open()) {
      var pictures =
          video.reshape(video.size(0) * video.size(1), video.size(2), video.size(3), video.size(4));
      return scope.keep(pictures.permute(0, 3, 1, 2));
    }
  }

  /** The video of pictures. */
  static @Axes("B F Y X C") Tensor toVideo(@Axes("N C Y X") Tensor pictures, long batch) {
    try (var scope = Scope.open()) {
      var last = pictures.permute(0, 2, 3, 1);
      return scope.keep(
          last.reshape(batch, last.size(0) / batch, last.size(1), last.size(2), last.size(3)));
    }
  }
}
