package dev.longtake.train;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.LongFunction;

/**
 * Makes the next items on other threads while the current one is used. Items are a function of
 * their number, so the order in which threads finish does not matter. One thread asks, for ever
 * larger numbers.
 *
 * @param <T> what is made
 */
public final class Prefetcher<T> implements LongFunction<T>, AutoCloseable {
  private final LongFunction<T> maker;
  private final int ahead;
  private final ExecutorService pool;
  private final Map<Long, Future<T>> under = new HashMap<>();

  /**
   * Starts nothing yet.
   *
   * @param maker called on several threads at once
   * @param threads how many, at least 1
   * @param ahead how many items to make in advance, at least 1; also past the last that will be
   *     asked for
   */
  public Prefetcher(LongFunction<T> maker, int threads, int ahead) {
    if (threads < 1 || ahead < 1) {
      throw new IllegalArgumentException(
          "need at least 1 thread and 1 item ahead, not " + threads + " and " + ahead);
    }
    this.maker = maker;
    this.ahead = ahead;
    pool =
        Executors.newFixedThreadPool(
            threads, Thread.ofPlatform().daemon().name("prefetch-", 0).factory());
  }

  /**
   * Item {@code number}; waits if it is not ready.
   *
   * @throws RuntimeException as the maker threw it; an error too
   * @throws CancellationException if this thread is interrupted meanwhile, or this was closed
   */
  @Override
  public T apply(long number) {
    if (pool.isShutdown()) {
      throw new CancellationException("no item " + number + ": prefetching was closed");
    }
    under.keySet().removeIf(skipped -> skipped < number);
    for (long next = number; next <= number + ahead; next++) {
      under.computeIfAbsent(next, n -> pool.submit((Callable<T>) () -> maker.apply(n)));
    }
    var item = Objects.requireNonNull(under.remove(number));
    try {
      return item.get();
    } catch (ExecutionException e) {
      throw Thrown.again(e, "item " + number + " could not be made");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw (CancellationException)
          new CancellationException("interrupted while waiting for item " + number).initCause(e);
    }
  }

  /** Gives up what is under way and not begun. */
  @Override
  public void close() {
    pool.shutdownNow();
  }
}
