package dev.longtake.train;

import java.util.concurrent.ExecutionException;

/** What went wrong on another thread. */
final class Thrown {
  private Thrown() {}

  /**
   * As if it had been thrown here.
   *
   * @param what could not be done
   * @return to be thrown
   * @throws Error if that is what went wrong there, such as a heap that is too small
   */
  static RuntimeException again(ExecutionException e, String what) {
    switch (e.getCause()) {
      case RuntimeException cause -> {
        return cause;
      }
      case Error cause -> throw cause;
      case null, default -> {
        return new IllegalStateException(what, e);
      }
    }
  }
}
