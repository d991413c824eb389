package dev.longtake.tensor;

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

  /** The number of threads inside one operator. */
  public static int get() {
    return torch.get_num_threads();
  }
}
