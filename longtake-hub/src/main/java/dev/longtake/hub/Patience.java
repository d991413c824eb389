package dev.longtake.hub;

import java.time.Duration;

/**
 * How long a silent or failing server is borne.
 *
 * @param silence without a byte after which a connection counts as stalled
 * @param retries tries in a row that bring nothing before giving up, beyond the first
 * @param pause before the first of them; it doubles from one to the next
 * @param first how long a server is tried that has never answered: no longer wait helps whoever is
 *     not on the network, or has mistaken the address
 */
public record Patience(Duration silence, int retries, Duration pause, Duration first) {
  /** How long a server that has never answered is tried, unless said otherwise. */
  public static final Duration FIRST = Duration.ofSeconds(30);

  /** Half a minute of silence, six tries over two minutes. */
  public static final Patience USUAL =
      new Patience(Duration.ofSeconds(30), 6, Duration.ofSeconds(2));

  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);
  private static final Duration LONGEST_CONNECTING = Duration.ofSeconds(10);

  /** With {@link #FIRST} for a server that has never answered. */
  public Patience(Duration silence, int retries, Duration pause) {
    this(silence, retries, pause, FIRST);
  }

  /**
   * Checks the ranges.
   *
   * @throws IllegalArgumentException if silence is not above 0 or another is below 0
   */
  public Patience {
    boolean silent = silence.isNegative() || silence.isZero();
    if (silent || retries < 0 || pause.isNegative() || first.isNegative()) {
      throw new IllegalArgumentException(
          "patience needs silence above 0 and retries from 0, not " + silence + ", " + retries);
    }
  }

  /** How long a connection may take to be made. */
  Duration connecting() {
    return silence.compareTo(LONGEST_CONNECTING) < 0 ? silence : LONGEST_CONNECTING;
  }

  /** How long to wait before that retry, counted from 1. */
  Duration pauseBefore(int retry) {
    var pause = this.pause.multipliedBy(1L << Math.min(retry - 1, 20));
    return pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE;
  }
}
