package dev.longtake.cli;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Lets a long run end in order when the process is told to stop (Ctrl-C, {@code kill}).
 *
 * <p>The run asks {@link #requested} between chunks or steps and closes its files; the process
 * waits for that, within reason, and then says farewell. Told to stop a second time, it ends at
 * once.
 */
final class Interruption implements AutoCloseable {
  /** What a process returns that ended by Ctrl-C: 128 and the signal's number. */
  static final int EXIT_CODE = 130;

  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final Duration SILENCE = Duration.ofSeconds(1); // before saying what it waits for

  private final Thread hook;
  private final CountDownLatch over = new CountDownLatch(1);
  private volatile boolean requested;

  private Interruption(Terminal terminal, Duration patience, Supplier<String> farewell) {
    hook =
        new Thread(
            () -> {
              requested = true;
              Signals.endAtOnce(); // the next time
              awaitEnd(terminal, patience);
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
    return watch(terminal, PATIENCE, farewell);
  }

  /**
   * As the other.
   *
   * @param patience how long the process waits for the run to end
   */
  static Interruption watch(Terminal terminal, Duration patience, Supplier<String> farewell) {
    var interruption = new Interruption(terminal, patience, farewell);
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

  private void awaitEnd(Terminal terminal, Duration patience) {
    try {
      if (over.await(SILENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        return;
      }
      terminal.say("finishing what is under way; told to stop again, it ends at once");
      over.await(patience.minus(SILENCE).toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
