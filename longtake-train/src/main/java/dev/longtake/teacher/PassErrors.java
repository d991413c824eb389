package dev.longtake.teacher;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Tensor;

/**
 * The two errors of one sample's pass.
 *
 * @param level of the banks' grid
 * @param noiseEnd see {@link ErrorKind#NOISE_END}
 * @param cleanEnd see {@link ErrorKind#CLEAN_END}
 */
public record PassErrors(
    int level, @Axes("C F Y X") Tensor noiseEnd, @Axes("C F Y X") Tensor cleanEnd) {

  /** The error of a kind. */
  public Tensor of(ErrorKind kind) {
    return switch (kind) {
      case NOISE_END -> noiseEnd;
      case CLEAN_END -> cleanEnd;
    };
  }
}
