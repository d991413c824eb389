package dev.longtake.hub;

import java.io.IOException;
import java.io.InterruptedIOException;

/** Tries again what the network broke. */
final class Persistence {
  private final Patience patience;
  private int failures;

  Persistence(Patience patience) {
    this.patience = patience;
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
        throw new HubException(what + ": interrupted", e);
      } catch (IOException e) {
        failures++;
        if (failures > patience.retries()) {
          throw new HubException(
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

  /** Something came through: patience is restored. */
  void progressed() {
    failures = 0;
  }

  private void pause() {
    try {
      Thread.sleep(patience.pauseBefore(failures));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new HubException("interrupted while waiting to try again", e);
    }
  }
}
