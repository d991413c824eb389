package dev.longtake.rollout;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Waiting for what another thread does. */
public final class Awaited {
  private Awaited() {}

  /**
   * What the work came to, or its exception as if it had been thrown here.
   *
   * @throws RuntimeException whatever the work threw
   */
  public static <T> T result(CompletableFuture<T> work) {
    try {
      return work.join();
    } catch (CompletionException e) {
      switch (e.getCause()) {
        case RuntimeException cause -> throw cause;
        case Error cause -> throw cause;
        case null, default -> throw e;
      }
    }
  }
}
