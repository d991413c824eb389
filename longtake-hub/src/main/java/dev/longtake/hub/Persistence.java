package dev.longtake.hub;

import java.io.IOException;
import java.io.InterruptedIOException;

/**
 * Tries again what the network broke. Only what was never here before counts as progress: a server
 * that begins anew each time and breaks at the same place wears patience out.
 */
final class Persistence {
  private final Patience patience;
  private long furthest;
  private int failures;

  /**
   * Full patience.
   *
   * @param here how many bytes are here already
   */
  Persistence(Patience patience, long here) {
    this.patience = patience;
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
    while (true) {
      try {
        return attempt.run();
      } catch (InterruptedIOException e) {
        throw HubException.fault(what + ": interrupted", e);
      } catch (IOException e) {
        failures++;
        if (failures > patience.retries()) {
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
