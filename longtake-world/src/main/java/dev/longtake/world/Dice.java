package dev.longtake.world;

import java.util.ArrayList;
import java.util.List;

/**
 * A seeded source of chance that gives the same numbers on every machine and every Java release.
 *
 * <p>SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA
 * 2014): a counter that grows by the golden ratio, each value scrambled by a bijection. The JDK's
 * generators do not promise to keep their derived methods (doubles, bounded integers) bit for bit,
 * and a world is identified by its seed alone, so the few methods needed are spelled out here.
 */
final class Dice {
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private long state;

  /**
   * Starts a stream.
   *
   * @param seed which world or path
   * @param stream which use of that seed; different streams are unrelated
   */
  Dice(long seed, long stream) {
    this.state = scramble(seed + scramble(stream * GOLDEN + 1));
  }

  /** Scrambles 64 bits; a bijection, so distinct inputs stay distinct. */
  static long scramble(long bits) {
    long z = bits;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  /** The next 64 random bits. */
  long bits() {
    state += GOLDEN;
    return scramble(state);
  }

  /** A number in [0, 1). */
  double uniform() {
    return (bits() >>> 11) * 0x1.0p-53;
  }

  /** A number in [low, high). */
  double between(double low, double high) {
    return low + (high - low) * uniform();
  }

  /** A whole number in [0, bound). */
  int below(int bound) {
    return (int) (uniform() * bound);
  }

  /** True with the given probability, 0 to 1. */
  boolean chance(double probability) {
    return uniform() < probability;
  }

  /** One of the options, each as likely. */
  <T> T pick(List<T> options) {
    return options.get(below(options.size()));
  }

  /** The options in random order. */
  <T> List<T> shuffled(List<T> options) {
    var mixed = new ArrayList<T>(options);
    for (int i = mixed.size() - 1; i > 0; i--) {
      int j = below(i + 1);
      T held = mixed.get(i);
      mixed.set(i, mixed.get(j));
      mixed.set(j, held);
    }
    return mixed;
  }
}
