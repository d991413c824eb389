package dev.longtake.testkit;

import java.util.Random;

/**
 * Runs randomised checks so that every failure can be repeated.
 *
 * <p>The seeds of a loop are fixed, so a build gives the same answer twice. A failure prints its
 * seed; {@code -Dlongtake.seed=<seed>} then runs that one case alone.
 */
public final class Seeds {
  /** The system property that replaces a loop by one case. */
  public static final String PROPERTY = "longtake.seed";

  private Seeds() {}

  /** One randomised case. */
  @FunctionalInterface
  public interface Case {
    /** Checks something about what it draws. */
    void check(Random random) throws Exception;
  }

  /** One randomised case that makes its own generators from the seed. */
  @FunctionalInterface
  public interface SeedCase {
    /** Checks something about what it draws. */
    void check(long seed) throws Exception;
  }

  /**
   * Runs the case {@code times} times with a fresh generator each.
   *
   * @throws AssertionError naming the seed, caused by the first failure
   */
  public static void times(int times, Case body) {
    forEach(times, seed -> body.check(new Random(seed)));
  }

  /**
   * Runs the case for {@code times} seeds, for generators other than Java's.
   *
   * @throws AssertionError naming the seed, caused by the first failure
   */
  public static void forEach(int times, SeedCase body) {
    if (times < 1) {
      throw new IllegalArgumentException("times must be at least 1, not " + times);
    }
    var given = Long.getLong(PROPERTY);
    if (given != null) {
      run(given, body);
      return;
    }
    for (int i = 0; i < times; i++) {
      run(1000 + i, body);
    }
  }

  private static void run(long seed, SeedCase body) {
    try {
      body.check(seed);
    } catch (Exception | AssertionError e) {
      throw new AssertionError(
          "seed "
              + seed
              + " fails (repeat with -D"
              + PROPERTY
              + "="
              + seed
              + "): "
              + e.getMessage(),
          e);
    }
  }
}
