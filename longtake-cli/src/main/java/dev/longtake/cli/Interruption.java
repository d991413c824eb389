package dev.longtake.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Lets a long run end in order when the process is told to stop (Ctrl-C, {@code kill}).
 *
 * <p>The run asks {@link #requested} between chunks and closes its files; the process waits for
 * that, within reason, and then says farewell.
 */
final class Interruption implements AutoCloseable {
  /** What a process returns that ended by Ctrl-C: 128 and the signal's number. */
  static final int EXIT_CODE = 130;

  private static final int PATIENCE_SECONDS = 5;

  private final Thread hook;
  private final CountDownLatch over = new CountDownLatch(1);
  private volatile boolean requested;

  private Interruption(Terminal terminal, Supplier<String> farewell) {
    hook =
        new Thread(
            () -> {
              requested = true;
              awaitEnd();
              terminal.say(farewell.get());
            },
            "longtake-interruption");
  }

  /**
   * Watches until closed.
   *
   * @param farewell what to say last, asked for once the run has ended
   */
  static Interruption watch(Terminal terminal, Supplier<String> farewell) {
    var interruption = new Interruption(terminal, farewell);
    Runtime.getRuntime().addShutdownHook(interruption.hook);
    return interruption;
  }

  /** Whether the run should end. */
  boolean requested() {
    return requested;
  }

  /** The run has ended and closed its files. */
  @Override
  public void close() {
    over.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process is ending already, and the hook runs.
    }
  }

  private void awaitEnd() {
    try {
      over.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
