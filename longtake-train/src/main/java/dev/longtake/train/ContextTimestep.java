package dev.longtake.train;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.List;

/**
 * Which noise level a network is told that clean context before noisy frames has. A network is
 * trained for one of them.
 */
public enum ContextTimestep {
  /**
   * That of the noisy frames, for all frames of the pass, although the context is clean (as
   * released, N-17).
   */
  SHARED,

  /** 0, which says that it is clean. */
  ZERO;

  /**
   * The timestep of every frame.
   *
   * @param noisy timestep of the noisy frames, 0 to 1000
   * @param context how many frames come before them
   * @param frames how many are noisy
   */
  public @Axes("B F") Tensor of(@Axes("B 1") Tensor noisy, long context, long frames) {
    try (var scope = Scope.open()) {
      long videos = noisy.size(0);
      var before = this == ZERO ? noisy.times(0) : noisy;
      return scope.keep(
          Tensor.cat(List.of(before.expand(videos, context), noisy.expand(videos, frames)), 1));
    }
  }
}
