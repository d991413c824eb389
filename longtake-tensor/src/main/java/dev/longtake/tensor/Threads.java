package dev.longtake.tensor;

import org.bytedeco.openblas.presets.openblas;
import org.bytedeco.pytorch.global.torch;

/** How many processor threads an operator may use. */
public final class Threads {
  private Threads() {}

  /** Sets the number of threads inside one operator, at least 1. */
  public static void set(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads must be at least 1, not " + threads);
    }
    torch.set_num_threads(threads);
  }

  /**
   * Leaves all threading to OpenMP. OpenBLAS, which multiplies FLOAT32 matrices, has threads of its
   * own; each kind spins while the other works, and on as many cores as threads everything takes
   * some twenty times as long. Where OpenBLAS is not there, there is nothing to do.
   */
  static void leaveBlasOne() {
    try {
      torch.get_num_threads(); // loads LibTorch, and OpenBLAS with it
      openblas.blas_set_num_threads(1);
    } catch (LinkageError e) {
      // built with another BLAS
    }
  }

  /** The number of threads inside one operator. */
  public static int get() {
    return torch.get_num_threads();
  }
}
