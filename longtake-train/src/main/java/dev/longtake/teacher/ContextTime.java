package dev.longtake.teacher;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.List;

/** Which noise level the network is told its context has. A teacher is trained for one of them. */
public enum ContextTime {
  /** None: timestep 0. */
  CLEAN,
  /** That of the target, although the context is clean: what the released code does (N-17). */
  SHARED;

  /**
   * The timestep of every frame.
   *
   * @param target timestep of the target, 0 to 1000
   */
  @Axes("B F")
  Tensor timesteps(@Axes("B 1") Tensor target, Parts parts) {
    try (var scope = Scope.open()) {
      long size = target.size(0);
      var ofContext = this == CLEAN ? target.times(0) : target;
      return scope.keep(
          Tensor.cat(
              List.of(ofContext.expand(size, parts.context()), target.expand(size, parts.target())),
              1));
    }
  }
}
