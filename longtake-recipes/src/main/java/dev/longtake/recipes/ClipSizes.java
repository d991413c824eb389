package dev.longtake.recipes;

import dev.longtake.tensor.Dtype;

/** Checks that several kinds of run share. */
final class ClipSizes {
  private ClipSizes() {}

  /** Refuses clips without frames, empty batches and whole numbers. */
  static void check(int latentFrames, int batch, Dtype dtype) {
    if (latentFrames < 1 || batch < 1) {
      throw new IllegalArgumentException(
          "latent_frames and batch must be at least 1, not " + latentFrames + " and " + batch);
    }
    check(dtype);
  }

  /** Refuses whole numbers. */
  static void check(Dtype dtype) {
    if (!dtype.isFloat()) {
      throw new IllegalArgumentException("dtype must be a real one such as bfloat16, not " + dtype);
    }
  }

  /** Refuses clips that are not whole blocks. */
  static void check(int latentFrames, int block) {
    if (latentFrames % block != 0) {
      throw new IllegalArgumentException(
          "latent_frames must be a multiple of the block of " + block + ", not " + latentFrames);
    }
  }
}
