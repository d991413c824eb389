package dev.longtake.hub;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/**
 * Tries again what the network broke. Only what was never here before counts as progress: a server
 * that begins anew each time and breaks at the same place wears patience out. A server that has
 * never answered is tried for {@link Patience#first} and no longer; one that has may be out of
 * reach for as long as all retries take.
 */
final class Persistence {
  private final Patience patience;
  private final BooleanSupplier answered;
  private long furthest;
  private int failures;

  /**
   * Full patience.
   *
   * @param here how many bytes are here already
   * @param answered whether the server ever did
   */
  Persistence(Patience patience, long here, BooleanSupplier answered) {
    this.patience = patience;
    this.answered = answered;
    furthest = here;
  }

  /** Something that the network can break. */
  interface Attempt<T> {
    T run() throws IOException;
  }

  /**
   * Runs until it succeeds.
   *
   * @param what for the message when patience is at its end
   * @throws HubException then, with the last failure's reason
   */
  <T> T run(String what, Attempt<T> attempt) {
    long begun = System.nanoTime();
    while (true) {
      long before = System.nanoTime();
      try {
        return attempt.run();
      } catch (InterruptedIOException e) {
        throw HubException.fault(what + ": interrupted", e);
      } catch (IOException e) {
        failures++;
        long now = System.nanoTime();
        var soFar = Duration.ofNanos(now - begun);
        if (failures > patience.retries() || isInVain(soFar, Duration.ofNanos(now - before))) {
          throw HubException.fault(
              what
                  + ": "
                  + HubException.because(e)
                  + "; gave up after "
                  + failures
                  + (failures == 1 ? " try" : " tries")
                  + ", run the same command again to go on",
              e);
        }
        pause();
      }
    }
  }

  /** Whether a server that has never answered would be tried for too long with another try. */
  private boolean isInVain(Duration soFar, Duration latest) {
    var then = soFar.plus(patience.pauseBefore(failures)).plus(latest);
    return !answered.getAsBoolean() && then.compareTo(patience.first()) > 0;
  }

  /** That many bytes are here: patience is restored if they never were so many. */
  void reached(long bytes) {
    if (bytes > furthest) {
      furthest = bytes;
      failures = 0;
    }
  }

  private void pause() {
    try {
      Thread.sleep(patience.pauseBefore(failures));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw HubException.fault("interrupted while waiting to try again", e);
    }
  }
}
